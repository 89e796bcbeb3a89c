"""What the pages about models show: versions, decisions, confusion matrices as heat maps.

This package reads them from the registry and the bucket, and returns plain data. `decisions.py`
also approves and rejects versions: only `console/actions.py` calls its functions. This package
imports `console.starting`, `console/account.py`, `console/status.py`, `operations` and `lambdas`.
`console/actions.py` and `console.pages` import it.
"""
