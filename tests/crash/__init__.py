"""`make crash`: all services twice on a real Kafka and a real Postgres, killed, stopped, cut off and told the wrong
time, while an oracle that knows nothing of their tables says what should have come of it.
"""
