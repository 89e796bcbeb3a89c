"""Where others' input arrives: events, objects of S3, JSON, text, errors that pass by themselves.

Imports `errors`; every other room reads through it.
"""
