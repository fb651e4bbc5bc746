"""Accountability: a missed deadline opens a responsibility case 责任案件 that names who was responsible."""
