"""The deadline calculus: pure functions over facts, limits and calendars. Standard library only; `now` is always an
argument.
"""
