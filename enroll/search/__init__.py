"""What can be found: put, drop, find. Not built yet."""
