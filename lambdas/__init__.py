"""The Lambdas: one file for each, with the name of the Lambda.

The file has a function of the same name, which takes the event first and then what it needs: AWS
clients, settings. `app.py` calls it. What several Lambdas share is in packages, from top to bottom:

    report, reproduction, reuse
    runs, gate
    data_sets
    boundary
    errors.py

Each imports only what is below it. The Lambdas' zip holds this folder, `app.py` and their
libraries, so nothing here imports another package of this project. All packages above import it,
for the names and rules that they share with the Lambdas.
"""
