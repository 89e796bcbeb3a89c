"""Runs: the input, name, files and champion of a run, and the ledger of all runs.

This package imports `lambdas.data_sets` and what is below. `lambdas.reuse`, `lambdas.reproduction`,
`lambdas.report` and the Lambdas import it.
"""
