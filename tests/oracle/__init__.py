"""An independent oracle of the deadline calculus: plain dicts, days walked one by one, working time minute by minute.

Written from the rules of time and the design of pauses and extensions, not from the code: nothing here imports a
service or `shared`, but for `adapter`, which asks the product the same question and turns its answer into the oracle's
words.

    python -m tests.oracle --n 100000 --seed 1
"""
