"""Two versions side by side."""

from nicegui import run, ui

from console.account import Account
from console.models import heatmap, registry
from console.models.registry import Pairing
from console.pages.models.versions import UNKNOWN, value
from console.pages.parts import tables
from console.pages.parts.layout import badge, frame
from console.pages.parts.layout import show as show_look
from console.problems import in_words
from console.status import Look
from operations.models.comparison import Difference, Pair
from operations.models.version import ModelVersion

_VERDICTS = {
    "better": Look("better", "trending_up", "positive"),
    "worse": Look("worse", "trending_down", "negative"),
    "not told apart": Look("not told apart", "drag_handle", "muted"),
    "unknown": Look("unknown", "help_outline", "muted"),
}


def register(account: Account) -> None:
    """Serve `/models/compare?first=1&second=2`."""

    @ui.page("/models/compare")
    async def page(first: int, second: int) -> None:
        with frame(account, "Compare models", "Models"):
            tables.style()
            with ui.row().classes("items-center gap-3") as waiting:
                ui.spinner(size="md")
                ui.label("Comparing the predictions of both, image by image ...")
            content = ui.element("div").classes("flex flex-col gap-4 w-full")
        await ui.context.client.connected()
        try:
            found = await run.io_bound(registry.read_pairing, account, first, second)
        except Exception as error:
            with content:
                ui.label(in_words(error)).props("role=alert").classes("text-negative wrap")
            found = None
        waiting.delete()
        if found is not None:
            with content:
                _show(found)


def _show(found: Pairing) -> None:
    first, second = found.first.entry.version, found.second.entry.version
    with ui.card().classes("w-full"):
        title = f"{first.group}: version {second.number} against version {first.number}"
        ui.label(title).classes("text-xl font-semibold wrap").props("role=heading aria-level=1")
        with ui.row().classes("gap-6"):
            for version in (first, second):
                with ui.row().classes("items-center gap-2"):
                    ui.link(f"Version {version.number}", f"/models/{version.number}")
                    badge(version.status)
            ui.link("The other way round", f"?first={second.number}&second={first.number}")
    _metrics(found)
    with ui.element("div").classes("grid grid-cols-1 lg:grid-cols-2 gap-4"):
        _confusion(found.first)
        _confusion(found.second)
    for name in ("hyperparameters", "model", "data", "code"):
        _pairs(name.capitalize(), getattr(found.found, name), first.number, second.number)


def _metrics(found: Pairing) -> None:
    first, second = found.first.entry.version.number, found.second.entry.version.number
    comparison = found.found
    with ui.card().classes("w-full"):
        titles = (
            "Metric",
            f"Version {first}",
            f"Version {second}",
            "Difference",
            f"Interval at {comparison.level:.4g}",
            f"Version {second} is",
        )
        tables.table("Metrics", titles, [_metric(each) for each in comparison.metrics])
        ui.label(f"Intervals: {comparison.method}").classes("soft text-sm wrap")
        if mcnemar := comparison.mcnemar:
            ui.label(
                f"Images that only version {second} has right: {mcnemar['only_challenger']}, only "
                f"version {first}: {mcnemar['only_champion']} (McNemar's exact test, p "
                f"{mcnemar['p_value']:.3g})"
            ).classes("soft text-sm")


def _metric(found: Difference) -> list[tables.Cell]:
    interval = UNKNOWN
    if found.low is not None and found.high is not None:
        interval = f"[{found.low:+.4f}, {found.high:+.4f}]"
    return [
        found.metric,
        _number(found.first),
        _number(found.second),
        UNKNOWN if found.difference is None else f"{found.difference:+.4f}",
        interval,
        lambda: show_look(_VERDICTS[found.verdict]),
    ]


def _number(found: float | None) -> str:
    return UNKNOWN if found is None else f"{found:.4f}"


def _confusion(model: ModelVersion) -> None:
    confusion = model.evaluation.confusion if model.evaluation else None
    with ui.card().classes("w-full"):
        title = f"What version {model.entry.version.number} takes the images for"
        ui.label(title).classes("text-base font-semibold").props("role=heading aria-level=2")
        if confusion is None:
            ui.label("Its evaluation has no confusion matrix").classes("soft")
            return
        words = heatmap.in_words(confusion)
        chart = ui.echart(heatmap.options(confusion), renderer="svg").classes("w-full")
        chart.style(f"height: {heatmap.height(confusion)}px").props("role=img")
        chart.props["aria-label"] = words
        ui.label(words).classes("soft text-sm")


def _pairs(title: str, pairs: tuple[Pair, ...], first: int, second: int) -> None:
    """What the two differ in; what they have in common behind a click."""
    if not pairs:
        return
    titles = ("", f"Version {first}", f"Version {second}")
    differing, same = ([pair for pair in pairs if pair.same is wanted] for wanted in (False, True))
    with ui.card().classes("w-full"):
        if differing:
            tables.table(f"{title}: what differs", titles, _rows(differing))
        if same:
            text = f"{title}: {len(same)} the same" if differing else f"{title}: all the same"
            with ui.expansion(text).classes("w-full").props("dense"):
                tables.facts([(pair.name, value(pair.first)) for pair in same])


def _rows(pairs: list[Pair]) -> list[tuple[tables.Cell, ...]]:
    return [(pair.name, value(pair.first), value(pair.second)) for pair in pairs]
