"""The frame of every page: where one is, where one can go, light or dark."""

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import app, ui

from console.account import Account
from console.status import Look, look

# Title, path and Material icon.
PAGES = (
    ("Executions", "/", "list"),
    ("Start", "/start", "play_arrow"),
    ("Models", "/models", "inventory_2"),
    ("Health", "/health", "monitor_heart"),
)
# Each has a contrast of 4.5:1 or more against white text, which WCAG 2.2 asks for (1.4.3).
_COLOURS = {
    "primary": "#1d4ed8",
    "secondary": "#475569",
    "positive": "#15803d",
    "negative": "#b91c1c",
    "warning": "#a16207",
    "info": "#0369a1",
}
_OWN_COLOURS = {"running": "#0369a1", "muted": "#64748b"}
_CSS = """
:root { --ground: #f8fafc; --paper: #ffffff; --ink: #0f172a; --soft: #475569; --line: #cbd5e1; }
body.body--dark { --ground: #0b1120; --paper: #111827; --ink: #e2e8f0; --soft: #94a3b8;
                  --line: #334155; }
body { background: var(--ground); color: var(--ink); }
.q-header { background: var(--paper) !important; color: var(--ink) !important;
            border-bottom: 1px solid var(--line); }
.q-card { background: var(--paper); color: var(--ink); border: 1px solid var(--line);
          box-shadow: none !important; }
/* On dark paper lighter ones (Quasar sets them inline); what they fill has dark text. */
body.body--dark { --q-primary: #93b4fd !important; --q-positive: #4ade80 !important;
  --q-negative: #fca5a5 !important; --q-warning: #fcd34d !important; --q-info: #7dd3fc !important;
  --q-secondary: #94a3b8 !important; --q-running: #7dd3fc !important;
  --q-muted: #94a3b8 !important; }
/* Of important rules those of the first layer win, and Quasar's are in a later one. */
@layer theme {
  body.body--dark :is(.bg-primary, .bg-secondary, .bg-positive, .bg-negative, .bg-warning,
                      .bg-info, .bg-muted, .bg-running) { color: #0b1120 !important; } }
.soft { color: var(--soft); }
.mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.wrap { overflow-wrap: anywhere; }
a { color: inherit; }
nav a { padding: .375rem .625rem; border-radius: .375rem; text-decoration: none; }
nav a[aria-current] { background: color-mix(in srgb, #1d4ed8 18%, transparent); font-weight: 600; }
a:focus-visible, button:focus-visible, [tabindex]:focus-visible {
  outline: 2px solid #2563eb; outline-offset: 2px; }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
"""
# From automatic to light to dark and round again.
_THEMES = {
    None: (False, "brightness_auto", "Theme: as the system"),
    False: (True, "light_mode", "Theme: light"),
    True: (None, "dark_mode", "Theme: dark"),
}


@contextmanager
def frame(account: Account, title: str, within: str = "") -> Iterator[None]:
    """Lay out a page; what the block builds becomes its content.

    `title` is one of PAGES, or more; then `within` is the one of PAGES that it belongs to.
    """
    ui.page_title(f"{title} · retrain")
    ui.colors(**_COLOURS, **_OWN_COLOURS)
    ui.add_css(_CSS)
    dark = ui.dark_mode(app.storage.user.get("dark"))
    with ui.header().classes("items-center gap-2 py-1 px-3"):
        ui.label("retrain").classes("text-lg font-semibold")
        with ui.element("nav").props('aria-label="Pages"').classes("flex flex-wrap"):
            for name, path, _ in PAGES:
                link = ui.link(name, path)
                if name in (title, within):
                    link.props('aria-current="page"')
        ui.space()
        ui.label(account.title).classes("soft text-sm wrap")
        if account.read_only:
            ui.badge("read-only", color="warning")
        _theme_button(dark)
    with ui.element("div").classes("w-full max-w-7xl mx-auto p-2 sm:p-4 flex flex-col gap-4") as m:
        yield
    ui.skip_link(target=m)


def _theme_button(dark: ui.dark_mode) -> None:
    def turn() -> None:
        following, _, _ = _THEMES[dark.value]
        dark.value = app.storage.user["dark"] = following
        show()

    def show() -> None:
        _, icon, text = _THEMES[dark.value]
        button.props(f'icon={icon} aria-label="{text}"')
        tooltip.text = text

    button = ui.button(on_click=turn).props("flat round dense color=secondary")
    with button:
        tooltip = ui.tooltip()
    show()


def badge(status: str) -> None:
    """A status as a word with its icon, in its colour."""
    show(look(status))


def show(looks: Look) -> None:
    """The looks of something, as `badge` draws them."""
    with ui.element("span").classes("inline-flex items-center gap-1 whitespace-nowrap"):
        ui.icon(looks.icon, color=looks.colour).props("aria-hidden=true")
        ui.label(looks.text)


def warn(problem: str) -> None:
    """One line on what cannot be read, beside what can."""
    with ui.element("div").classes("flex flex-nowrap items-start gap-1 w-full"):
        ui.icon("warning", color="warning").props("aria-hidden=true")
        ui.label(problem).classes("wrap")
