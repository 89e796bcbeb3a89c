"""The page that uploads a data set and starts an execution.

`console/app.py` imports `page.py`.
"""
