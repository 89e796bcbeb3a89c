"""The commands: arguments in, one call of `operations` or `served`, `shown` for the answer.

A module holds a command or a group of them. Each command imports what it needs when it runs, so
that `retrain --help` is quick. Imported by `main.py` alone.
"""
