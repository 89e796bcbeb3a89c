"""The web server around moto: its port, its gateway, and the list of all extensions.

`extensions.py` installs every service: a new service is added there. This package may import every
package of the embedded AWS. `__main__.py` and `client.py` import it, and `cli` does so to see which
server has a data folder.
"""
