"""Data sets: which files are in the bucket, in which versions, and which are missing.

It also copies a data set for a run. This package imports `lambdas.boundary`. `lambdas.runs`,
`lambdas.reproduction` and the Lambdas import it.
"""
