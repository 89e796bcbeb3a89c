"""`make bench`: the single script, the pipeline with the same recipe, and with the default one.

The three take turns, so that what else the machine does meets them alike. Then the parts are
measured by themselves. Writes benchmarks/results.md and its pictures.
"""

import statistics
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import arithmetic, parts, results, script
from benchmarks.pipeline import Stage
from benchmarks.results import DEFAULT_RECIPE, HERE, SAME_RECIPE, SCRIPT, Data, Measured
from cli.served.demo import SAMPLE_HYPERPARAMETERS
from cli.shown.terminal import Step, Terminal
from local_aws.client import EmbeddedAws
from local_aws.shell import applied
from ml_scripts.fitting import precision
from operations.data_sets import digits, fashion_mnist
from state_machine.config import PipelineConfig
from state_machine.names import Names

PROJECT = HERE.parent
SEEDS = (1, 2, 3)


def main(
    quick: Annotated[bool, typer.Option(help="scikit-learn's digits, one round")] = False,
    output: Annotated[Path, typer.Option(help="folder for the results")] = HERE,
) -> None:
    """Measure, and write results.md and its pictures into the folder."""
    terminal = Terminal()
    seeds = SEEDS[:1] if quick else SEEDS
    with terminal.step("Data") as step:
        data = _data(quick, step)
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedAws(Path(folder)) as aws,
        applied(aws.environment()),
    ):
        rounds, imports, stage = _rounds(aws, data, seeds, quick, terminal)
        with terminal.step("The parts"):
            measured = _parts(aws, stage)
    results.write(output, Measured(data, list(seeds), rounds, imports, measured, quick=quick))
    terminal.line(f"Written: {output / 'results.md'}")


def _data(quick: bool, step: Step) -> Data:
    home = PROJECT / ".retrain" / "data"
    if quick:
        # Large enough for the script's unpadded network.
        folder = digits.write(home / "digits-enlarged", enlarged=3)
        return Data("scikit-learn's digits, enlarged", folder, 1437, 360, 24)
    folder = fashion_mnist.fashion_mnist(home / fashion_mnist.NAME, step, None)
    return Data("Fashion-MNIST", folder, 60_000, 10_000, 28)


def recipe(name: str | None, seed: int, sample_sized: bool = False) -> PipelineConfig:
    """Return pipeline.toml with the named recipe, the default one if None."""
    raw = tomllib.loads((PROJECT / "pipeline.toml").read_text(encoding="utf-8"))
    raw["name"] = "bench"
    raw["reuse_unchanged_steps"] = False  # every run does all of it, as the script does
    raw["training"]["recipe"] = name or raw["training"]["recipe"]
    raw["training"]["hyperparameters"] |= {"seed": seed}
    if sample_sized:
        raw["training"]["hyperparameters"] |= SAMPLE_HYPERPARAMETERS
    return PipelineConfig.model_validate(raw, context={"folder": PROJECT})


def _rounds(
    aws: EmbeddedAws, data: Data, seeds: Sequence[int], quick: bool, terminal: Terminal
) -> tuple[dict[str, list[Any]], list[dict[str, float]], Stage]:
    """Return the runs by their names, each round's imports, and the stage of the default recipe."""
    runs: dict[str, list[Any]] = {SCRIPT: [], SAME_RECIPE: [], DEFAULT_RECIPE: []}
    imports = []
    stages = {name: Stage(aws, PROJECT, name) for name in ("workshop", "default")}
    for seed in seeds:
        stages["workshop"].deploy(recipe("workshop", seed))
        stages["default"].deploy(recipe(None, seed, sample_sized=quick))
        ways: dict[str, Callable[[], Any]] = {
            SCRIPT: partial(script.run, data.folder, seed),
            SAME_RECIPE: partial(stages["workshop"].run, data.folder, f"data-{seed}"),
            DEFAULT_RECIPE: partial(stages["default"].run, data.folder, f"data-{seed}"),
        }
        for name, way in ways.items():
            with terminal.step(f"Seed {seed}: {name}") as step:
                run = way()
                runs[name].append(run)
                step.title += f": {run.wall:.1f} s, test accuracy {run.scores['accuracy']:.4f}"
        imports.append(parts.script_import_seconds(PROJECT / "ml_scripts"))
    return runs, imports, stages["default"]


def _parts(aws: EmbeddedAws, stage: Stage) -> dict[str, Any]:
    names = Names("bench", "default", stage.deployment.names.account, aws.region)
    bucket = stage.deployment.bucket
    with tempfile.TemporaryDirectory() as folder:
        zipped = parts.package(PROJECT, Path(folder))
        function = aws.client("lambda").get_function(FunctionName=names.function("on_upload"))
        variables = function["Configuration"]["Environment"]["Variables"]
        size, imports = zipped.stat().st_size, parts.import_seconds(zipped, variables)
    return {
        "jobs": parts.job_seconds(aws, bucket, names.role_arn("preprocess")),
        "s3": parts.s3_megabytes_per_second(aws, bucket),
        "zip": size,
        "import": statistics.median(imports),
        "transition": parts.transition_milliseconds(aws, stage),
        "latency": parts.trigger_latencies(aws, stage, recipe(None, 0).data.required_files),
        "gflops": arithmetic.gigaflops(),
        "bfloat16": precision.resolved(precision.AUTO) == precision.BFLOAT16,
    }


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
