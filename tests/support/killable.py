"""An embedded AWS that a test kills and starts again."""

import os
import signal

from local_aws.client import EmbeddedAws


class KillableAws(EmbeddedAws):
    """Starts again on the same data folder, and so on the same port: clients go on to work."""

    def kill_and_start(self) -> None:
        """kill -9 the server, and start the next one."""
        self.kill()
        self.start_again()

    def kill(self) -> None:
        """kill -9 the server."""
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def start_again(self) -> None:
        """Start the next server, after `kill` or `stop`."""
        self.__enter__()
