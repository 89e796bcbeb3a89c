"""The definition of the state machine: settings in, states out, and no call to AWS.

`workflow.py` begins with a drawing of all states. This package imports `config.py`, `account.py`,
`images.py`, `names.py`, `artifacts`, `sdk` and `lambdas`. `deployment`, `operations.doctor` and
`benchmarks` import it.
"""
