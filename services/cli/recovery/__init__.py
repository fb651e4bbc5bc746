"""What operators do after a loss: topics sent again, dead letters tried again (docs/operations/recovery.md)."""
