"""What is packed and uploaded: the code of the jobs, and the zip of the Lambdas.

This package imports `account.py`, `names.py`, `processes.py` and `errors.py`. `config.py`,
`definition`, `deployment`, `template`, `operations`, `cli` and `benchmarks` import it.
"""
