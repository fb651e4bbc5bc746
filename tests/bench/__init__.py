"""`python -m tests.bench`: how fast the chain is, measured on real infrastructure, with the raw floor in the same run.

It reports and never judges: no figure makes it fail. What makes it fail is a wrong count, since a fast wrong answer is
no answer.
"""
