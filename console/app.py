"""The pages put together, and served on loopback."""

import secrets

from nicegui import app, ui

from console.account import Account
from console.guard import Guard
from console.pages import executions, health
from console.pages.execution import page as execution
from console.pages.models import comparison
from console.pages.models import page as models
from console.pages.start import page as start

HOST = "127.0.0.1"


def serve(account: Account, port: int) -> None:
    """Answer on loopback until the process ends."""
    app.add_middleware(Guard)
    app.get("/ready")(lambda: {"ready": True})
    for page in (executions, execution, start, models, comparison, health):
        page.register(account)
    ui.run(
        host=HOST,
        port=port,
        show=False,
        reload=False,
        title="retrain",
        favicon="🔁",
        dark=None,
        show_welcome_message=False,
        # Of the cookie in which a browser keeps its theme, and nothing else.
        storage_secret=secrets.token_hex(),
        session_middleware_kwargs={"same_site": "strict"},
    )
