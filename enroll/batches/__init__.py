"""When we teach it: batches, their seats, sessions and calendars.

Hard rule: capacity is the number of seat rows; there is no other number.
"""
