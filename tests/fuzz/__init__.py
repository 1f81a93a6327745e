"""Mutated packets and configurations by the million: no exception, no hang, no growth.

    python -m tests.fuzz packets --cases 1000000 --seed 1
    python -m tests.fuzz configs --cases 100000 --seed 1

Cases come in blocks; everything in a block follows from the seed and the block's number, so that a failure prints the
command that repeats its block alone.
"""
