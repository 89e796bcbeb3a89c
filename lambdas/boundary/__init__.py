"""The boundary: reads what comes from outside, and checks it.

Events, S3 objects, JSON and texts are checked here. Errors of AWS that pass by themselves get the
name that the state machine retries. This package imports `lambdas/errors.py`. The rest of
`lambdas`, `state_machine`, `operations` and `console` import it.
"""
