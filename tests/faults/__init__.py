"""One fault at a time, on a real Apache Kafka: each ends in a clear state and message, and nothing is lost."""
