"""The `retrain` command.

`main.py` lists the commands. `commands` reads their arguments, `shown` writes to the terminal, and
`served` holds what runs for as long as a command runs: the embedded AWS, the demo, web pages.

What a command does is in `operations`, which `console` uses too. `cli` and `console` do not import
each other. This package imports `operations`, `state_machine`, `lambdas` and `local_aws`.
`benchmarks` imports it.
"""
