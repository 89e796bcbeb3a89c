"""Events that no Lambda could handle: shows them, and gives them to their Lambdas again.

This package does not import the other subjects.
"""
