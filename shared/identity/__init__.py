"""Who asks, and what they may: bearer tokens of an OpenID provider, and the roles that routes declare.

The provider is authoritative for who holds which role; its public keys are all that is kept of it. Nothing here issues
a token, stores one, logs one or repeats one in an answer.
"""
