"""A place to drop a data set on.

Quasar's uploader takes no folders, and posts to where everything is parsed as a form; this one
sends each file as it is, so that it can be streamed.
"""

from collections.abc import Callable

from nicegui import events, ui
from nicegui.element import Element

_CSS = """
.drop-zone { width: 100%; border: 2px dashed var(--line); border-radius: .5rem; padding: 1rem;
             display: flex; flex-direction: column; gap: .75rem; align-items: center; }
.drop-zone-over { border-color: #2563eb; }
.drop-zone-buttons { display: flex; flex-wrap: wrap; gap: .5rem; }
.drop-zone button { border: 1px solid var(--line); border-radius: .25rem; padding: .375rem .75rem; }
.drop-zone button:disabled { opacity: .6; cursor: not-allowed; }
.drop-zone ul { width: 100%; display: flex; flex-direction: column; gap: .5rem; }
.drop-zone-name { overflow-wrap: anywhere; }
.drop-zone progress { width: 100%; height: .5rem; accent-color: #1d4ed8; }
"""


class DropZone(Element, component="drop_zone.js"):
    """Files go to `PUT /uploads/<data set>/<file>` once `send` is called."""

    def __init__(
        self,
        *,
        enabled: bool,
        on_chosen: Callable[[events.GenericEventArguments], object],
        on_sent: Callable[[events.GenericEventArguments], object],
    ) -> None:
        super().__init__()
        ui.add_css(_CSS)
        self._props["enabled"] = enabled
        self.on("chosen", on_chosen)
        self.on("sent", on_sent)

    def send(self, dataset: str) -> None:
        """Send what was chosen."""
        self.run_method("send", dataset)

    def forget(self) -> None:
        """Take back what was chosen."""
        self.run_method("forget")
