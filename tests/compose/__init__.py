"""The compose stack from outside: `make compose-test`."""
