"""What people say under the pages, and who decides what is published.

Hard rule: only `moving.py` changes the state of a comment; nothing a rule doubts is refused, it is held.
"""
