"""The definition of the state machine: settings in, states out, and no call to AWS.

`workflow.py` begins with a drawing of it. This package imports `config.py`, `images.py`,
`artifacts`, `sdk` and `lambdas`. `deployment` and `template` deploy what it makes.
"""
