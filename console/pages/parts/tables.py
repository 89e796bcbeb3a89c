"""Tables and lists of facts that are also readable on a phone: there each row becomes a block."""

from collections.abc import Callable, Sequence

from nicegui import ui

# What a cell shows: text, or a function that builds it.
Cell = str | Callable[[], object]

_SHORT = 24  # characters: names and words of that length are not broken

_CSS = """
table.rows { width: 100%; border-collapse: collapse; }
table.rows caption { text-align: left; font-weight: 600; padding: .25rem 0; }
table.rows th { text-align: left; font-weight: 600; color: var(--soft); white-space: nowrap; }
table.rows th, table.rows td { padding: .375rem .75rem .375rem 0; vertical-align: top;
                               border-bottom: 1px solid var(--line); }
table.rows td { font-variant-numeric: tabular-nums; }
dl.facts { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr;
           gap: .375rem 1rem; margin: 0; width: 100%; }
dl.facts dt { color: var(--soft); }
dl.facts dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  table.rows thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
                     clip-path: inset(50%); }
  table.rows tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  table.rows td { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: .5rem;
                  border: 0; padding: .125rem 0; overflow-wrap: anywhere; }
  table.rows td::before { content: attr(data-title); color: var(--soft); }
  dl.facts { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: .375rem .75rem; }
  dl.facts dt { overflow-wrap: anywhere; }
}
"""


def style() -> None:
    """What the browser has to know of them; once a page."""
    ui.add_css(_CSS)


def table(caption: str, titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """A table with a caption for who cannot see where it stands."""
    # The roles stay when a phone's style takes the rows apart.
    with ui.element("table").classes("rows").props("role=table"):
        with ui.element("caption"):
            ui.label(caption)
        with ui.element("thead"), ui.element("tr").props("role=row"):
            for title in titles:
                with ui.element("th").props("scope=col role=columnheader"):
                    ui.label(title)
        with ui.element("tbody"):
            for row in rows:
                with ui.element("tr").props("role=row"):
                    for title, cell in zip(titles, row, strict=True):
                        with ui.element("td").props("role=cell") as data:
                            data.props["data-title"] = title
                            _fill(cell)


def facts(known: Sequence[tuple[str, Cell]]) -> None:
    """Names and what is known of each; several rows of one fact have the name once."""
    with ui.element("dl").classes("facts"):
        for name, value in known:
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                _fill(value)


def link(text: str, target: str) -> Callable[[], object]:
    """A cell that leads elsewhere."""
    return lambda: ui.link(text, target)


def _fill(cell: Cell) -> None:
    if isinstance(cell, str):
        ui.label(cell).classes("wrap" if len(cell) > _SHORT else "")
    else:
        cell()
