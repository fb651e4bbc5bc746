"""The contract: envelope, one module of event models for each producer, the topics they travel on, schemas and golden
examples.

Producers and intake are strict; our own consumers read with `extra="ignore"` (D16). A golden example is frozen for
ever: an optional field keeps a version, anything else needs a new version beside the old one.
"""
