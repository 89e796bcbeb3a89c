"""What a person reads of a stage and asks of it, without a screen.

`cli` and `console` are its two faces: they show what is found here and know nothing of each other.
Each subject has a room: `executions`, `models`, `data_sets`, `failed_events`, `doctor`; all of them
reach the account through `stage.py`. It imports `state_machine` and `lambdas`, boto3, and nothing
that draws: work that takes time tells a `report.Report`, and what goes wrong is one of `errors`.
"""
