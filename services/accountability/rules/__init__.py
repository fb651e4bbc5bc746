"""Who is responsible for a missed deadline, and what becomes of the case: pure functions over what is known.

Standard library only; `now` is always an argument.
"""
