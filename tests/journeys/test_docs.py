"""docs/states.md says what the tables of moves say, and every state in them can be reached and left."""

from __future__ import annotations

import re

import pytest

from enroll.moves import Moves
from enroll.registrations.states import LIVE, State
from tests.drawing import FILE, SUBJECTS, Subject, page, reached

each_table = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.title)


def test_the_drawing_is_the_one_of_the_tables() -> None:
    assert FILE.read_text() == page(), "run `python -m tests.drawing` and look at what changed"


@each_table
def test_every_state_is_reached_from_nothing(subject: Subject) -> None:
    assert reached(subject.moves, None) == set(subject.states)


@each_table
def test_every_state_leads_to_an_end(subject: Subject) -> None:
    for state in set(subject.states) - subject.ended:
        assert reached(subject.moves, state) & subject.ended, state


def test_who_lives_can_end_and_who_has_ended_cannot_live() -> None:
    moves, ended = SUBJECTS[0].moves, SUBJECTS[0].ended
    assert ended == set(State) - LIVE
    assert all(reached(moves, state) & ended for state in LIVE)
    assert not any(reached(moves, state) for state in ended)


def test_a_state_without_a_way_in_or_out_is_noticed() -> None:
    lost: Moves[State] = Moves({None: {State.PENDING: "x"}, State.OFFERED: {State.EXPIRED: "x"}})
    assert reached(lost, None) == {State.PENDING}
    assert reached(lost, State.PENDING) == set()


@each_table
def test_the_drawing_is_one_that_mermaid_reads(subject: Subject) -> None:
    """Every arrow has one colon, after its end: a second one or a semicolon would end its label."""
    arrow = re.compile(r"    (\[\*\]|\w+) --> (\[\*\]|\w+)( : [^:;#{}]+)?")
    drawing = page().split(f"## {subject.title}")[1].split("```")[1].splitlines()
    assert drawing[:2] == ["mermaid", "stateDiagram-v2"]
    arrows = [line for line in drawing if "-->" in line]
    assert all(arrow.fullmatch(line) for line in arrows)
    assert len(arrows) == len(list(subject.moves)) + len(subject.ended)
