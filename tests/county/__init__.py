"""A made county: its matters go through the real services, and who is responsible is worked out once more from what the
topics say, by code that shares nothing with theirs.
"""
