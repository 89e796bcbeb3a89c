"""What runs on this machine while a command runs: the embedded AWS, the demo, web pages.

This package imports `cli.shown`, `operations`, what is below `operations`, and `local_aws`.
`cli.commands` imports it, and so does `benchmarks`.
"""
