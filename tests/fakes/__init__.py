"""Hand-written stand-ins for the AWS clients that the Lambdas are given.

Each keeps its state in plain Python and holds every request and response against botocore's
model of the service, so that a misspelt parameter fails here as it would at AWS.
"""
