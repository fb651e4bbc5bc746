"""Notification: who must know, told once in their language, on record (issue 3, part 6; D9, D19, I13)."""
