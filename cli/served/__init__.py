"""What runs on this machine while a command runs: the embedded AWS, the demo, web pages.

This package imports `cli.shown`, `operations`, `state_machine`, `lambdas` and `local_aws`.
`cli.commands` and `benchmarks` import it.
"""
