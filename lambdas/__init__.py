"""The Lambdas: one file for each, with the name of the Lambda.

The file has a function of the same name, which takes the event first and then what the function
needs: AWS clients, settings. `app.py` calls the function. What several Lambdas share is in
packages, from top to bottom:

    report, reproduction, reuse
    runs, gate
    data_sets
    boundary
    errors.py

Each imports only what is below it. The zip of the Lambdas holds this folder, `app.py` and their
libraries. This package imports no other package of this project. `state_machine`, `operations`,
`console`, `cli` and `benchmarks`, which share names and rules with the Lambdas, import it.
"""
