"""What the pages look like. What they show is read elsewhere.

All of NiceGUI is here: another library of pages would be the price of this room and of `app.py`.
"""
