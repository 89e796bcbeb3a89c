"""Parts that the pages share: the frame of a page, tables, live values, links, questions.

This package imports `console/account.py`, `console/problems.py` and `console/status.py`, and no
page. The rest of `console.pages` imports it.
"""
