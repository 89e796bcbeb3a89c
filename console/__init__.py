"""The console: this pipeline as pages in the browser, for the embedded AWS and for an account.

It knows AWS through boto3 alone: AWS_ENDPOINT_URL, or a profile, says which. Reading models (what a
page shows, as plain data) are modules here and in `cli`; `pages` only lays them out; whatever
changes something goes through `actions`.
"""
