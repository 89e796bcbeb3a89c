"""What the command line writes to a terminal: lines, steps, tables, an execution while it runs.

Imports `operations`; imported by `commands` and `served`.
"""
