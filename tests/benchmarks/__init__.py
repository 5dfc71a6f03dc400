"""How fast jianbao is beside what people would otherwise use: `make bench`, or `python -m tests.benchmarks --help`.

Everything is measured in one run on one machine: the contenders take turns, and what is told are medians.
"""
