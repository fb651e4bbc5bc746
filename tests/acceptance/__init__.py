"""Real logs through real processes, compared with truth that was computed elsewhere."""
