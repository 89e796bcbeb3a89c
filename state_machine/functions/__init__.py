"""The Lambdas as a stage deploys them: the list of them, and what each of them may do.

A new Lambda is a row of `catalogue.py`, with its statements in `policies.py`. This package imports
`config.py`, `account.py`, `names.py` and `lambdas`. `stage_names.py`, `deployment`, `operations`
and `benchmarks` import it.
"""
