"""What the pages about models show: versions, decisions, confusion matrices as heat maps.

This package reads them from the registry, and shows nothing. It imports `console.account`,
`console.starting`, `operations` and what is below `operations`. `console.pages` and
`console/actions.py` import it.
"""
