"""The pages, made with NiceGUI: how they look, not what they show.

This package may import the rest of `console`, except for `app.py`, which imports it. If NiceGUI is
ever replaced, only this package and `app.py` change.
"""
