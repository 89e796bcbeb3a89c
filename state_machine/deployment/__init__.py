"""The resources of a stage, one module for each: its calls, its template, the rights it needs.

`stage.py` lists the resources in order. `resource.py` compares what is there with what is wanted.
This package imports `definition`, `functions`, `artifacts`, `sdk`, `config.py`, `account.py`,
`images.py`, `names.py`, `stage_names.py`, `errors.py` and `lambdas`. `template`, `operations`,
`cli` and `benchmarks` import it.
"""
