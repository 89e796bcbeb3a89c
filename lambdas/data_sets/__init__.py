"""Data sets: which are complete, which versions of which files they are, what has superseded them.

Imports `boundary` and below; the handlers and `runs` import it.
"""
