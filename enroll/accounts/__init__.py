"""Who works here: staff accounts, their duties, sign-in and sessions.

Hard rule: every page below /staff names the duty it needs; what names none is closed.
"""
