"""`duban replay`: feed the log of another system through the running services, and report what Duban made of it.

The log is authoritative for what happened, the services for what follows from it. This package computes no deadline:
it maps lines to submissions, sends them, waits until nothing is in flight, and reads the services' own views.
"""
