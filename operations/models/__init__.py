"""Model versions: finds, approves, rejects, compares and reproduces them.

This package imports `operations.executions`, to reproduce a version, and what is below.
"""
