"""The event contract, the outbox and inbox paths, and the schemas of the services."""
