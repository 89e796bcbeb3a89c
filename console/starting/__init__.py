"""What the page that starts executions shows: data sets, the form, uploads.

This package reads them from AWS, and shows nothing. It imports `operations` and what is below
`operations`. `console.pages`, `console.models` and `console/actions.py` import it.
"""
