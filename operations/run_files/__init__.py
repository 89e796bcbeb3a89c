"""Reads what a run has written: one reader for each kind of file, which checks every field.

Other people may have written these files. A field that cannot be read is named in one line, and the
rest is read. This package imports `lambdas`. `operations.executions`, `operations.models`,
`cli.shown` and `console` import it.
"""
