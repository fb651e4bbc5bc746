"""Duban's services: intake, deadline, accountability and notification, independent of each other, and the `duban`
command.
"""
