"""The `duban` command: run things, replay logs, look things up."""
