"""Events that no Lambda could handle: shows them, and gives them to their Lambdas again.

This package imports `operations/errors.py`, `state_machine` and `lambdas`, and none of the other
subjects. `cli` and `console` import it.
"""
