"""What the commands write to the terminal: lines, tables, the progress of an execution.

This package imports `operations`. `cli.commands`, `cli.served` and `cli/main.py` import it, and so
does `benchmarks`.
"""
