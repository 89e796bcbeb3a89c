"""run.json, the plan of a run, which PrepareRun also answers with."""

from dataclasses import dataclass, field

from lambdas.boundary.text import printable
from lambdas.data_sets.data_sets import ObjectVersion
from lambdas.runs.hyperparameters import written
from operations.run_files.fields import Fields


@dataclass(frozen=True)
class Data:
    """A data set of `files`. `s3_uri` is the run's own copy, `uploaded_to` where they came to."""

    name: str | None = None
    fingerprint: str | None = None
    s3_uri: str | None = None
    uploaded_to: str | None = None
    files: tuple[ObjectVersion, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a run was to do. `reused` are the steps that an earlier run has computed, with its id.

    What is not known is None or empty.
    """

    run_id: str | None = None
    reproduces: str | None = None
    run_uri: str | None = None
    report_uri: str | None = None
    model_uri: str | None = None
    dataset: Data = Data()
    code_uri: str | None = None
    code_sha256: str | None = None
    hyperparameters: dict[str, str] = field(default_factory=dict)
    preprocessing: dict[str, str] = field(default_factory=dict)
    reused: dict[str, str] = field(default_factory=dict)


def read(content: object, problems: list[str], name: str = "run.json") -> Plan:
    """Read a plan; `problems` takes a line for each member that cannot be read."""
    found = Fields(content, name, problems)
    paths, code = found.inner("paths"), found.inner("code")
    return Plan(
        run_id=found.text("run_id"),
        reproduces=found.text("reproduces"),
        run_uri=paths.text("run"),
        report_uri=_report(paths),
        model_uri=found.inner("training_job").text("model_data_url"),
        dataset=_data(found.inner("dataset")),
        code_uri=code.text("s3_uri"),
        code_sha256=code.text("sha256"),
        hyperparameters=_as_written(found.texts("hyperparameters")),
        preprocessing=found.texts("preprocessing"),
        reused=_reused(found.inner("steps")),
    )


def _as_written(hyperparameters: dict[str, str]) -> dict[str, str]:
    return {name: printable(written(text)) for name, text in hyperparameters.items()}


def _report(paths: Fields) -> str | None:
    """Where the report is; plans that do not say are older, and had it beside the evaluation."""
    evaluation = paths.text("evaluation")
    return paths.text("report") or (evaluation and f"{evaluation}/report.html")


def _data(found: Fields) -> Data:
    files = (_file(each) for each in found.each("objects"))
    return Data(
        name=found.text("name"),
        fingerprint=found.text("fingerprint"),
        s3_uri=found.text("s3_uri"),
        uploaded_to=found.text("uploaded_to"),
        files=tuple(file for file in files if file is not None),
    )


def _file(found: Fields) -> ObjectVersion | None:
    key, version_id, etag = (found.text(name) for name in ("key", "version_id", "etag"))
    size = found.count("size")
    if key is None or version_id is None or etag is None or size is None:
        return None
    return ObjectVersion(key, version_id, etag, size)


def _reused(steps: Fields) -> dict[str, str]:
    found = {name: steps.inner(name).text("reused_from") for name in steps.names()}
    return {printable(name): run_id for name, run_id in found.items() if run_id}
