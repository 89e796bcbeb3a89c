"""The resources of a stage, one module for each: how it is looked at, made, changed and removed.

`stage.py` lists them in order, `resource.py` compares what is there to what shall be. Imports
`definition` and below; `operations`, `cli` and `template` import it.
"""
