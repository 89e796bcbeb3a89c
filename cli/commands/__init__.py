"""The commands: each reads its arguments, calls `operations` and has `shown` write the answer.

A module holds one command, or one group of commands. A command imports what it needs when it runs,
so that `retrain --help` is quick. This package imports `cli.served`, `cli.shown`, `cli/options.py`,
`operations`, `state_machine` and `local_aws.containers`. `cli/main.py` imports it.
"""
