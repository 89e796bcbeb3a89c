"""What the commands write to the terminal: lines, tables, the progress of an execution.

This package imports `cli/options.py`, `operations` and `state_machine.deployment`. `cli/main.py`,
`cli.commands`, `cli.served` and `benchmarks` import it.
"""
