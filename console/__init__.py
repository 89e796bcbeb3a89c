"""The console: web pages that show this pipeline, on the embedded AWS or in an account.

`executions`, `models` and `starting` read from AWS what a page shows, and return plain data.
`pages` shows it. Every change in AWS goes through `actions.py`. Only `pages` and `app.py` import
NiceGUI, the library that the pages are made with.

The console reaches AWS through boto3 alone. AWS_ENDPOINT_URL, or the credentials, say which AWS.
This package imports `operations`, `state_machine` and `lambdas`, and never the command line. No
other package imports it. `retrain console` starts the console as a process, `python -m console`.
"""
