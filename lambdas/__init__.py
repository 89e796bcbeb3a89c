"""The Lambdas: a file for each, named like it; its function takes the event first, then clients.

`app.py` binds them. What they share is in rooms below them: `report`, `reproduction` and `reuse`
over `runs` and `gate`, over `data_sets`, over `boundary`, over `errors`. Nothing here imports
anything of ours but `lambdas`: this folder is what the zip holds. `state_machine` and `operations`
import it for the names and the rules that both have in common.
"""
