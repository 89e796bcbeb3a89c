"""What is kept on disk, and is there again after `kill -9`: one SQLite file.

This package imports no service: each service says what of its data is kept.
"""
