"""What is kept on disk, and comes back after `kill -9`: one sqlite file, item by item.

Imports nothing of the services; they say what of theirs is kept.
"""
