"""What a run leaves for people and the registry: its page, the model's metadata, what it cost.

Imports `runs`, `gate` and below; `check_metrics` and `announce` import it.
"""
