"""Containers without Docker: namespaces in which jobs and Lambdas see the paths that AWS has.

`containers.py` says what a process sees and starts it; `launcher.py` and `namespaces.py` run in the
process itself, before its command. Where the kernel forbids namespaces, a process is started as any
other child process, and `permission.py` says why.
This package imports `processes` and `sdk_files.py`. `context.py`, `sagemaker`, `awslambda`,
`server`, `benchmarks` and, to say what a machine forbids, `cli` import it.
"""
