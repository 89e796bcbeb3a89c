"""What `retrain models` writes for people: lines that can be copied as they stand."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from rich.filesize import decimal
from rich.text import Text

from cli.shown.summary import reused_rows, rules
from cli.shown.terminal import WARNING, Terminal
from operations.models.comparison import Comparison, Difference, Pair
from operations.models.registry import CHAMPION, Version
from operations.models.version import Entry, ModelVersion

_NAME_WIDTH = 16
_UNKNOWN = "-"
# A sign beside the word, so that nothing hangs on a colour.
_VERDICTS = {
    "better": ("▲", "bold green"),
    "worse": ("▼", "bold red"),
    "not told apart": ("·", "dim"),
    "unknown": ("?", "dim"),
}
_SAME, _OTHER = ("=", "dim"), ("≠", "bold yellow")


def show_list(entries: Sequence[Entry], champion: Version | None, terminal: Terminal) -> None:
    """Write a table of versions: one line each, why it has its status at its end."""
    titles = ("VERSION", "STATUS", "CREATED (UTC)", "ACCURACY", "DECISION", "RUN", "WHO AND WHY")
    rows = [
        (
            str(entry.version.number),
            status(entry.version, champion),
            f"{entry.version.created.astimezone(UTC):%Y-%m-%d %H:%M}",
            _number(entry.accuracy),
            entry.decision or _UNKNOWN,
            entry.run_id or _UNKNOWN,
            entry.approval or _UNKNOWN,
        )
        for entry in entries
    ]
    title, *lines = _columns([titles, *rows])
    terminal.line(title, style="dim")
    for entry, line in zip(entries, lines, strict=True):
        terminal.line(line, style="bold" if is_champion(entry.version, champion) else "")


def show_version(
    model: ModelVersion, champion: Version | None, watch: str | None, terminal: Terminal
) -> None:
    """Write everything that explains a version; `watch` is what shows its execution."""
    version = model.entry.version
    terminal.line(
        f"{version.group} version {version.number}: {status(version, champion)}", style="bold"
    )
    terminal.line()
    for name, value in _facts(model, watch):
        shown = value if isinstance(value, Text) else Text(value)
        terminal.text(Text.assemble((f"{name:<{_NAME_WIDTH}}", "dim"), shown))
    for problem in model.problems:
        terminal.mark(WARNING, problem, "yellow")


def show_comparison(first: Version, second: Version, found: Comparison, terminal: Terminal) -> None:
    """Write two versions side by side: metrics with what their difference shows, then the rest."""
    for version in (first, second):
        terminal.line(f"{version.group} version {version.number}: {version.status}", style="bold")
    terminal.line(
        f"Differences are {second.number} less {first.number}, intervals at {found.level:.4g}: "
        f"{found.method}"
    )
    titles = ("", "METRIC", str(first.number), str(second.number), "DIFFERENCE", "INTERVAL", "")
    title, *lines = _columns([titles, *map(_metric, found.metrics)])
    terminal.line()
    terminal.line(title, style="dim")
    for difference, line in zip(found.metrics, lines, strict=True):
        _signed(line, *_VERDICTS[difference.verdict], terminal)
    if found.mcnemar:
        terminal.line(_mcnemar(found.mcnemar, first, second))
    for name in ("model", "hyperparameters", "data", "code"):
        _show_pairs(name.upper(), getattr(found, name), terminal)


def status(version: Version, champion: Version | None) -> str:
    """The approval status, and whether the version is the champion."""
    return f"{version.status} ({CHAMPION})" if is_champion(version, champion) else version.status


def is_champion(version: Version, champion: Version | None) -> bool:
    """Whether the version is the champion."""
    return champion is not None and version.arn == champion.arn


def _facts(model: ModelVersion, watch: str | None) -> list[tuple[str, Text | str]]:
    """The rows; what is not known has none."""
    entry, decision = model.entry, model.decision
    facts = [
        ("ARN", entry.version.arn),
        ("Created", f"{entry.version.created.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"),
        ("Who and why", entry.approval),
        ("Decision", _sentence(decision.decision or entry.decision, decision.reason)),
        *rules("Gate", decision.rules),
        *rules("Auto-approve", decision.approval_rules),
        *_rows("Metrics", _settings(model.metrics)),
        ("Data", _sentence(model.dataset.name, model.dataset.fingerprint)),
        *_rows(" ", [_file(file) for file in model.files]),
        ("Run's own copy", model.dataset.s3_uri),
        ("Code", model.code["archive"] or model.code["sha256"]),
        *_rows("Hyperparameters", _settings(model.hyperparameters)),
        *_rows("Preprocessing", _settings(model.preprocessing)),
        *_rows("Jobs", [f"{job.name}  {job.status}  {job.log_command}" for job in model.jobs]),
        *reused_rows(model.reused),
        ("Execution", entry.execution_arn),
        (" ", watch),
        ("Run", entry.run_uri),
        ("Evaluation", entry.evaluation_uri),
        ("Report", model.report_uri),
        ("Model", entry.model_uri),
    ]
    return [(name, value) for name, value in facts if value]


def _rows(title: str, lines: Iterable[str]) -> list[tuple[str, Text | str | None]]:
    return [(title if number == 0 else " ", line) for number, line in enumerate(lines)]


def _settings(values: dict[str, Any]) -> list[str]:
    width = max(map(len, values), default=0)
    return [f"{name:{width}}  {_value(value)}" for name, value in values.items()]


def _file(file: Any) -> str:
    return (
        f"s3://{file.bucket}/{file.key}  version {file.version_id}  ETag {file.etag}  "
        f"{decimal(file.size)}"
    )


def _sentence(word: str | None, rest: str | None) -> str | None:
    return ": ".join(part for part in (word, rest) if part) or None


def _metric(found: Difference) -> tuple[str, ...]:
    interval = _UNKNOWN
    if found.low is not None and found.high is not None:
        interval = f"[{found.low:+.4f}, {found.high:+.4f}]"
    return (
        _VERDICTS[found.verdict][0],
        found.metric,
        _number(found.first),
        _number(found.second),
        _UNKNOWN if found.difference is None else f"{found.difference:+.4f}",
        interval,
        found.verdict,
    )


def _mcnemar(found: dict[str, float], first: Version, second: Version) -> str:
    return (
        f"  Images that only {second.number} has right: {found['only_challenger']}, only "
        f"{first.number}: {found['only_champion']} (McNemar's exact test, p {found['p_value']:.3g})"
    )


def _show_pairs(title: str, pairs: Sequence[Pair], terminal: Terminal) -> None:
    if not pairs:
        return
    terminal.line()
    terminal.line(title, style="dim")
    for pair in pairs:
        sign, style = _SAME if pair.same else _OTHER
        other = "" if pair.same else f"  →  {_value(pair.second)}"
        _signed(f"{sign}  {pair.name}  {_value(pair.first)}{other}", sign, style, terminal)


def _signed(line: str, sign: str, style: str, terminal: Terminal) -> None:
    """Write a line that begins with a sign, which alone is coloured."""
    terminal.text(Text.assemble((line[: len(sign)], style), line[len(sign) :]))


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Each row as one line, every column as wide as its widest value."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _number(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.4f}"


def _value(value: Any) -> str:
    if value is None:
        return "unknown"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
