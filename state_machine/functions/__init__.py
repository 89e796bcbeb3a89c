"""The Lambdas as a stage deploys them: one catalogue, and what each of them may do.

A new Lambda is a row of `catalogue.py`, with its statements in `policies.py`. Imports `names`,
`config` and `lambdas`; `deployment` and `operations` import it.
"""
