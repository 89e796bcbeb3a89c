"""The console: this pipeline as pages in the browser, for the embedded AWS and for an account.

The other face of `operations`, beside `cli`; neither knows the other. It knows AWS through boto3
alone: AWS_ENDPOINT_URL, or a profile, says which. Reading models (what a page shows, as plain data)
are the rooms `executions`, `models` and `starting`, and `operations`; `pages` only lays them out,
and is the one place, with `app.py`, that knows NiceGUI; whatever changes something goes through
`actions.py`. `python -m console` serves it; `retrain console` starts that.
"""
