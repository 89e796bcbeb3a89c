"""What the pages of models show: versions, decisions on them, confusion as a heat map.

Imports `account` and `operations`; imported by `pages` and `actions`.
"""
