"""Runs: their input, plan, files and names, the ledger of what has been run, the champion.

Imports `data_sets` and below; `reuse`, `reproduction`, `report` and the handlers import it.
"""
