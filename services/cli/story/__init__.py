"""The demo's story: what happens while the clock moves, told line by line, and checked against the log's own data."""
