"""The state machine's definition: configuration in, a graph of states out, nothing called.

`workflow.py` draws it. Imports `config`, `images`, `artifacts` and `sdk`; `deployment` and
`template` deploy what it makes.
"""
