"""What can be found: put, drop, find. SQLite's FTS5 and PostgreSQL's full text behind one interface.

Hard rule: nothing that depends on the database decides what is found or in which order. Words are
cut, folded and reduced to stems here, in Python; the database only looks them up.
"""
