"""The web server around moto: its port, its door, and the list of all extensions.

May import every room of the embedded AWS; only `python -m local_aws` and `client.py` import it.
`extensions.py` is where a new service is added.
"""
