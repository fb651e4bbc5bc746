"""Tests, by kind: rules (pure), contracts, services (one on real Postgres), stories (all), cli, architecture."""
