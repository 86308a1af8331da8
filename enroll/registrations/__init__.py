"""Who sits where: the heart. Allocation, waitlist, offers, the history of every move.

Hard rule: only `allocation.py` changes the state of a registration or the `taken` of a seat.
"""
