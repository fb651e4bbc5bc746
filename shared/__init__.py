"""What at least two services need: the event contract, the outbox and inbox paths, the clock. It names no service's
noun.
"""
