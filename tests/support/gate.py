"""A gate that jobs and Lambdas wait at: their containers share the network, and no file."""

import socket


class Gate:
    """Closed until it is opened. Whoever waits tries to connect to a port."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))  # taken, and without listening it refuses
        self.port: int = self._socket.getsockname()[1]

    def open(self) -> None:
        """Let everybody through."""
        self._socket.listen(128)

    @property
    def shell(self) -> str:
        """What waits in bash."""
        return f"until (: < /dev/tcp/127.0.0.1/{self.port}) 2> /dev/null; do sleep 0.02; done"

    @property
    def python(self) -> str:
        """What tells in Python, after `import socket`, whether the gate is open."""
        return f'socket.socket().connect_ex(("127.0.0.1", {self.port})) == 0'
