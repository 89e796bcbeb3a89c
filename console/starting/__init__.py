"""What the page that starts executions shows: data sets, the form, uploads.

This package reads data sets and settings from AWS and returns plain data. `uploads.py` also writes
files to S3: only `console/actions.py` calls its function that does. This package imports
`operations`, `state_machine` and `lambdas`. `console/actions.py`, `console.models` and
`console.pages` import it.
"""
