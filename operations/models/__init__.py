"""Model versions: finding them in the registry, deciding on them, comparing and reproducing them.

Imports `executions`, to run a version again, and below.
"""
