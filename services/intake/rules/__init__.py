"""Intake's decisions: which limits a fact carries, what is refused and why, what counts as the same event."""
