"""SageMaker: processing and training jobs as child processes, experiments, the Model Registry.

Imports `events`, `logs` and what is below; `stepfunctions` waits for its jobs, `server` installs
it.
"""
