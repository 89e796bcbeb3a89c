"""What a person asks of a deployed pipeline, without a screen.

`cli` and `console` show what is found here, each in its own way, and do not import each other. Each
subject is a package: `executions`, `models`, `data_sets`, `failed_events`, `doctor`. `run_files`
reads what a run has written, `data_folder.py` what a folder holds of a data set. `stage.py` has the
stage that a command works on: its settings, its names and its account.

Work that takes time reports to a `report.Report`. What goes wrong is raised as one of `errors.py`.
This package imports `state_machine`, `lambdas` and boto3, and nothing that draws. `cli`, `console`
and `benchmarks` import it.
"""
