"""Intake: takes facts about matters from government systems, once each, and is the source of truth for ten years (D15).

It refuses what is doubtful with a reason and publishes what it accepts, with the limits stamped on; it computes no
deadline.
"""
