"""Make docs/images/rooms.svg, the picture of docs/guides/a-walk.md, from the code's own imports.

    python docs/images/make_rooms_picture.py

A row is a room, which is a package. A column is a step of the walk. The picture's metadata holds
what it shows, and a test compares that with today's imports.
"""

import ast
import json
import sys
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import grimp
import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Polygon

PROJECT = Path(__file__).resolve().parents[2]
TARGET = Path(__file__).with_name("rooms.svg")

FOLDERS = ("state_machine", "lambdas", "ml_scripts")
DEFINITION = "state_machine.definition"
# Two rows that are no packages: what calls the Lambdas, and the scripts that a user replaces.
APP = "app.py"
REPLACED = "ml_scripts.dataset, model, training"
_REPLACED = {f"ml_scripts.{name}" for name in ("dataset", "model", "training")}


# A few words for each row; `__init__.py` of each package says more.
WORDS = {
    APP: "calls the Lambdas' functions",
    "state_machine": "deployed first",
    "state_machine.deployment": "makes a stage",
    "state_machine.definition": "settings in, states out",
    "state_machine.functions": "the list of the Lambdas",
    "state_machine.artifacts": "what is packed, uploaded",
    "state_machine.sdk": "AWS's two SDKs",
    "lambdas": "shared by the Lambdas",
    "lambdas.report": "page, cost, metadata",
    "lambdas.reproduction": "a version again",
    "lambdas.reuse": "results of earlier runs",
    "lambdas.runs": "input, name, files, ledger",
    "lambdas.gate": "may it be registered?",
    "lambdas.data_sets": "which files, versions",
    "lambdas.boundary": "checks what comes in",
    "ml_scripts": "shared by the jobs",
    REPLACED: "yours to replace",
    "ml_scripts.scoring": "metrics, comparison with the champion, page",
    "ml_scripts.fitting": "the training loop, checkpoints, several hosts",
    "ml_scripts.data": "from files to arrays, and back",
    "ml_scripts.job": "folders, failure texts, archives, tracking",
}


@dataclass(frozen=True)
class Step:
    """A step of the walk: its name, the module that runs in it, and where that runs."""

    name: str
    module: str
    runs_in: str


STEPS = (
    Step("retrain deploy", "cli.commands.stages", "your terminal"),
    Step("on_upload", "lambdas.on_upload", "a Lambda"),
    Step("take_turn", "lambdas.take_turn", "a Lambda"),
    Step("prepare_run", "lambdas.prepare_run", "a Lambda"),
    Step("preprocessing.py", "ml_scripts.preprocessing", "a SageMaker job"),
    Step("main.py", "ml_scripts.main", "a SageMaker job"),
    Step("evaluation.py", "ml_scripts.evaluation", "a SageMaker job"),
    Step("check_metrics", "lambdas.check_metrics", "a Lambda"),
    Step("RegisterModel", "", "Step Functions"),
    Step("announce_approval", "lambdas.announce_approval", "a Lambda"),
)

Imports = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Facts:
    """What the picture shows, and nothing about how it looks.

    `floors` has the rooms of each folder, the highest floor first; `steps` and `rooms` have the
    rooms that each of them imports, `rooms` without those that follow from others; `named` has the
    steps that the definition names.
    """

    floors: dict[str, list[list[str]]]
    rooms: dict[str, list[str]]
    steps: dict[str, list[str]]
    named: list[str]


def main() -> None:
    """Draw today's imports."""
    draw(facts(), TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size / 1000:.0f} kB")


def facts() -> Facts:
    """Read from the code what the picture shows."""
    sys.path.insert(0, str(PROJECT))  # grimp finds only packages that could be imported
    graph = grimp.build_graph("cli", *FOLDERS, include_external_packages=True, cache_dir=None)
    imports = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    rooms: dict[str, set[str]] = {}
    for module, imported in imports.items():
        if room := _room(module):
            rooms.setdefault(room, set()).update(_rooms(imported) - {room})
    steps = {step.name: _rooms(imports.get(step.module, ())) for step in STEPS}
    shown = _reached(rooms, set().union(*steps.values()))
    for name in _called_by_app():
        steps[name].add(APP)
    return Facts(
        floors={folder: _floors(folder, shown, rooms) for folder in FOLDERS},
        rooms={room: sorted(_lasting(room, rooms)) for room in sorted(shown)},
        steps={name: sorted(entered) for name, entered in steps.items()},
        named=sorted(_texts_of_definition() & steps.keys()),
    )


def facts_in(picture: Path) -> Facts:
    """Read from a picture what it says that it shows."""
    root = ElementTree.parse(picture).getroot()  # noqa: S314 - our own file
    return Facts(**json.loads(root.findtext(".//{http://purl.org/dc/elements/1.1/}description")))


def _room(module: str) -> str | None:
    """Return the room of a module. In a container ml_scripts/ is the top: `data` is its room."""
    parts = module.split(".")
    if (PROJECT / "ml_scripts" / parts[0]).is_dir() or f"ml_scripts.{parts[0]}" in _REPLACED:
        parts.insert(0, "ml_scripts")
    name = ".".join(parts[:2])
    if name in _REPLACED:
        return REPLACED
    ours = parts[0] in FOLDERS and len(parts) > 1
    return name if ours and PROJECT.joinpath(*parts[:2], "__init__.py").exists() else None


def _rooms(modules: Iterable[str]) -> set[str]:
    return set(filter(None, map(_room, modules)))


def _reached(rooms: Imports, start: Iterable[str]) -> set[str]:
    """Return `start` and the rooms that are imported from there, however indirectly."""
    seen: set[str] = set()
    new = set(start)
    while new:
        seen |= new
        new = {below for room in new for below in rooms[room]} - seen
    return seen


def _floors(folder: str, shown: Collection[str], rooms: Imports) -> list[list[str]]:
    """Return the rooms of a folder by floor: as import-linter has them, or by who imports whom."""
    here = sorted(room for room in shown if room.startswith(f"{folder}."))
    heights = {room: _height(room, rooms) for room in here}
    levels = sorted(set(heights.values()), reverse=True)
    by_height = [[room for room in here if heights[room] == level] for level in levels]
    floors = _layers(folder) or by_height
    return [inside for floor in floors if (inside := [room for room in floor if room in here])]


def _layers(folder: str) -> list[list[str]]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    for contract in project["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers" and contract.get("containers") == [folder]:
            layers = [layer.split("|") for layer in contract["layers"]]
            return [[f"{folder}.{name.strip()}" for name in layer] for layer in layers]
    return []


def _height(room: str, rooms: Imports) -> int:
    return 1 + max((_height(below, rooms) for below in rooms[room]), default=0)


def _called_by_app() -> list[str]:
    tree = ast.parse((PROJECT / APP).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return [step.name for step in STEPS if step.module in imported]


def _texts_of_definition() -> set[str]:
    """Return the texts in the definition's code, without quotes of the states language."""
    files = (PROJECT / DEFINITION.replace(".", "/")).glob("*.py")
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    values = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {value.strip("'") for value in values if isinstance(value, str)}


def _lasting(room: str, rooms: Imports) -> set[str]:
    """Return what a room imports, without what a room that it imports reaches too."""
    below = rooms[room]
    return {each for each in below if not any(each in _reached(rooms, rooms[b]) for b in below)}


# The sheet, in hundredths of an inch; y grows downwards.
WIDTH, TOP, BOTTOM = 1000, 132, 90
LEFT, LANES, BETWEEN = 76, 296, 69.5  # where rows and the first lane begin, and between two lanes
ROW, NEXT_TO, GAP, HEADLINE = 34, 2, 9, 36
TRACK = 9  # between two arrows at the left
COLOURS = {
    "your terminal": "#4b5563",
    "a Lambda": "#1f6fb2",
    "a SageMaker job": "#c2571a",
    "Step Functions": "#8a3fa0",
}
TINTS = {APP: "#eceff3", "state_machine": "#f4edf7", "lambdas": "#e8f1f9", "ml_scripts": "#fcefe6"}
INK, PALE, ARROW = "#1f2937", "#6b7280", "#7b8494"


def draw(shown: Facts, path: Path) -> None:
    """Draw rooms as rows on their floors, steps as columns, and imports as dots and arrows."""
    rows, headlines = _places(shown)
    height = max(rows.values()) + BOTTOM
    plt.rcParams.update({"svg.hashsalt": "rooms", "font.family": "DejaVu Sans"})
    figure = plt.figure(figsize=(WIDTH / 100, height / 100))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    _draw_rows(axes, rows, headlines)
    _draw_arrows(axes, shown.rooms, rows)
    _draw_execution(axes, shown)
    for number, step in enumerate(STEPS):
        _draw_step(axes, number, step, shown, rows)
    _draw_legend(axes, height)
    metadata = {"Date": None, "Description": json.dumps(asdict(shown), sort_keys=True)}
    figure.savefig(path, metadata=metadata, facecolor="white")
    plt.close(figure)


def _places(shown: Facts) -> tuple[dict[str, float], dict[str, float]]:
    """Return the y of each row's middle and of each headline."""
    rows, headlines = {}, {}
    y: float = TOP
    for folder, floors in shown.floors.items():
        if folder == "lambdas":
            rows[APP] = y + GAP + ROW / 2
            y += GAP + ROW
        headlines[folder] = y + HEADLINE / 2
        y += HEADLINE
        for floor in floors:
            for room in floor:
                rows[room] = y + ROW / 2
                y += ROW + NEXT_TO
            y += GAP - NEXT_TO
    return rows, headlines


def _draw_rows(axes: Axes, rows: Mapping[str, float], headlines: Mapping[str, float]) -> None:
    for folder, y in headlines.items():
        end = _text(axes, LEFT, y, f"{folder}/", weight="bold", size=9.5)
        _text(axes, end + 8, y, WORDS[folder], color=PALE)
    for room, y in rows.items():
        folder, _, name = room.partition(".")
        label, tint = (room, TINTS[room]) if room == APP else (name, TINTS[folder])
        row = FancyBboxPatch(
            (LEFT, y - ROW / 2),
            WIDTH - LEFT - 8,
            ROW,
            boxstyle="round,pad=0,rounding_size=6",
            facecolor=tint,
            linewidth=0,
        )
        axes.add_patch(row)
        end = _text(axes, LEFT + 12, y, label, weight="bold")
        _text(axes, end + 8, y, WORDS.get(room, ""), color=PALE, size=8)


def _draw_step(
    axes: Axes, number: int, step: Step, shown: Facts, rows: Mapping[str, float]
) -> None:
    x, colour = _lane(number), COLOURS[step.runs_in]
    entered = [rows[room] for room in shown.steps[step.name]]
    named = [rows[DEFINITION]] if step.name in shown.named else []
    name = 60 if number % 2 else 82  # names side by side would be too wide
    axes.plot([x, x], [name + 9, max(entered + named)], color=colour, linewidth=1.4)
    _text(axes, x, name, step.name, color=colour, weight="bold", ha="center", size=8.5)
    _dot(axes, (x, 110), 11, colour)
    _text(axes, x, 110.5, str(number), color="white", weight="bold", ha="center", zorder=5)
    for y in entered:
        _dot(axes, (x, y), 7, colour)
    for y in named:
        _dot(axes, (x, y), 6, "white", colour)


def _draw_execution(axes: Axes, shown: Facts) -> None:
    lanes = [_lane(number) for number, step in enumerate(STEPS) if step.name in shown.named]
    left, right = min(lanes) - 34, max(lanes) + 34
    axes.plot([left, left, right, right], [41, 33, 33, 41], color=PALE, linewidth=1)
    middle = (left + right) / 2
    _text(axes, middle, 20, "one execution of the state machine", color=PALE, ha="center")


def _draw_arrows(axes: Axes, imports: Imports, rows: Mapping[str, float]) -> None:
    """Draw one line to each imported room, which those who import it join with a dot."""
    importers = {
        room: sorted(rows[each] + 6 for each in imports if room in imports[each])
        for room in imports
    }
    spans = {room: (ys[0], rows[room] - 6) for room, ys in importers.items() if ys}
    taken: dict[int, list[tuple[float, float]]] = {}
    for room, (top, end) in sorted(spans.items(), key=lambda item: item[1][1] - item[1][0]):
        track = 0
        while any(top < low and high < end for high, low in taken.get(track, ())):
            track += 1
        taken.setdefault(track, []).append((top, end))
        x = LEFT - 14 - track * TRACK
        axes.plot([x, x, LEFT - 6], [top, end, end], color=ARROW, linewidth=1.1)
        _head(axes, LEFT - 1, end)
        for y in importers[room]:
            axes.plot([x, LEFT], [y, y], color=ARROW, linewidth=1.1)
            _dot(axes, (x, y), 2.2, ARROW, ARROW)


def _draw_legend(axes: Axes, height: float) -> None:
    x, y = float(LEFT), height - 44
    for where, colour in COLOURS.items():
        _dot(axes, (x + 7, y), 7, colour)
        x = _text(axes, x + 20, y, f"runs in {where}") + 24
    x, y = float(LEFT), height - 20
    _dot(axes, (x + 7, y), 7, INK)
    x = _text(axes, x + 20, y, "the step uses the room") + 24
    _dot(axes, (x + 7, y), 6, "white", INK)
    x = _text(axes, x + 20, y, "the definition names the step") + 24
    axes.plot([x, x + 20], [y, y], color=ARROW, linewidth=1.1)
    _head(axes, x + 26, y)
    _text(axes, x + 34, y, "imports; what follows from others is left out")


def _lane(number: int) -> float:
    return LANES + number * BETWEEN


def _head(axes: Axes, x: float, y: float) -> None:
    corners = [(x, y), (x - 7, y - 3.5), (x - 7, y + 3.5)]
    axes.add_patch(Polygon(corners, facecolor=ARROW, linewidth=0))


def _dot(
    axes: Axes, middle: tuple[float, float], radius: float, colour: str, edge: str = "white"
) -> None:
    width = 2 if colour == "white" else 1
    dot = Circle(middle, radius, facecolor=colour, edgecolor=edge, linewidth=width, zorder=4)
    axes.add_patch(dot)


def _text(axes: Axes, x: float, y: float, text: str, **style: Any) -> float:
    """Write a text and return the x of its end."""
    written = axes.text(x, y, text, **{"size": 9, "color": INK, "va": "center", **style})
    return written.get_window_extent().x1 / axes.figure.dpi * 100


if __name__ == "__main__":
    main()
