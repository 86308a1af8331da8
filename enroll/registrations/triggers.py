"""SQLite triggers that repeat the seat's foreign key for clients that have not switched it on."""

from __future__ import annotations

import sqlalchemy as sa

from enroll.registrations.models import Registration

_HOLDS_NO_SEAT = """
    NEW.seat_number IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM seat WHERE seat.batch_id = NEW.batch_id
        AND seat.number = NEW.seat_number AND seat.taken)
"""
_HELD_BY_SOMEBODY = """
    EXISTS (SELECT 1 FROM registration WHERE registration.batch_id = OLD.batch_id
            AND registration.seat_number = OLD.number)
"""

# Migrations write these out in their own words; a house test compares the two.
TRIGGERS = {
    "tr_registration_seat_insert": f"""
CREATE TRIGGER tr_registration_seat_insert BEFORE INSERT ON registration
WHEN {_HOLDS_NO_SEAT}
BEGIN SELECT RAISE(ABORT, 'this seat is not there to be held'); END""",
    "tr_registration_seat_update": f"""
CREATE TRIGGER tr_registration_seat_update BEFORE UPDATE OF seat_number, batch_id ON registration
WHEN {_HOLDS_NO_SEAT}
BEGIN SELECT RAISE(ABORT, 'this seat is not there to be held'); END""",
    "tr_seat_freed": f"""
CREATE TRIGGER tr_seat_freed BEFORE UPDATE OF batch_id, number, taken ON seat
WHEN (NOT NEW.taken OR NEW.number != OLD.number OR NEW.batch_id != OLD.batch_id)
AND {_HELD_BY_SOMEBODY}
BEGIN SELECT RAISE(ABORT, 'somebody holds this seat'); END""",
    "tr_seat_removed": f"""
CREATE TRIGGER tr_seat_removed BEFORE DELETE ON seat
WHEN {_HELD_BY_SOMEBODY}
BEGIN SELECT RAISE(ABORT, 'somebody holds this seat'); END""",
}

for _text in TRIGGERS.values():
    sa.event.listen(
        Registration.__table__, "after_create", sa.DDL(_text).execute_if(dialect="sqlite")
    )
