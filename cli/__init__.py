"""The `retrain` command: one of the two faces of `operations`.

`main.py` is the list of commands, `commands/` reads their arguments, `shown/` writes to the
terminal, `served/` holds what runs as long as a command does: the embedded AWS, the console,
MLflow. Nothing but the entry point and the benchmarks imports it.
"""
