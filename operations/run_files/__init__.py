"""What a run has written, each kind of file by its one reader: every field checked, or not taken.

Jobs, Lambdas and whoever else may write below `runs/` wrote it. What cannot be read is named in one
line, beside what can. Imports nothing of `operations`.
"""
