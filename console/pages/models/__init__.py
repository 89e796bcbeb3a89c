"""The pages of models: all versions, one version, two versions side by side.

`console/app.py` imports `page.py` and `comparison.py`.
"""
