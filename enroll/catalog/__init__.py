"""What we teach: role guides, skills, courses, modules and the coverage between them.

Hard rule: a skill's level is never stored for a course; it is derived from its modules.
"""
