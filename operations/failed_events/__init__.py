"""Events that no Lambda could handle: reading their queue, giving them to their Lambdas again.

Imports `stage` and below.
"""
