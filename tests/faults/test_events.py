"""What S3 may do to its events: repeat them, shuffle them, send them late, at once or not in order.

S3's own deliveries come on top of those that the tests send, in the same way: asynchronously.
"""

import gzip
import json
import math
import os
import random
import re
import struct
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote_plus

from tests.e2e.pipeline import Pipeline
from tests.faults import figures
from tests.faults.light import doing_nothing, executions_of
from tests.functional.sagemaker_requests import unique
from tests.support.waiting import eventually

DELIVERIES = int(os.environ.get("FAULT_DELIVERIES", "100"))
DATA_SETS = max(2, DELIVERIES // 50)
SENDERS = 8


def test_the_same_event_50_times_in_parallel_shuffled_and_after_the_end_starts_one_execution(
    light_pipeline: Pipeline, digits: Path, chance: random.Random
) -> None:
    dataset, before = unique("repeated"), light_pipeline.model_packages()
    keys = [light_pipeline.put(dataset, file) for file in sorted(digits.iterdir())]
    repeated = [*keys, *[keys[-1]] * 46]
    chance.shuffle(repeated)

    _deliver(light_pipeline, [[key] for key in repeated])

    outcomes = _outcomes(light_pipeline, dataset, len(keys) + 50)
    assert outcomes["started"] == 1
    assert set(outcomes) <= {"started", "duplicate", "incomplete"}
    (arn,) = executions_of(light_pipeline, dataset)
    package = light_pipeline.registered(arn)
    _deliver(light_pipeline, [[keys[-1]]] * 50)
    assert _outcomes(light_pipeline, dataset, len(keys) + 100)["started"] == 1
    assert executions_of(light_pipeline, dataset) == [arn]
    assert set(light_pipeline.model_packages()) - set(before) == {package["ModelPackageArn"]}


def test_three_of_four_files_start_nothing_and_the_fourth_starts_one_execution(
    light_pipeline: Pipeline, digits: Path, chance: random.Random
) -> None:
    dataset, files = unique("partial"), sorted(digits.iterdir())
    chance.shuffle(files)
    with doing_nothing(light_pipeline):
        keys = [light_pipeline.put(dataset, file) for file in files[:3]]
        _deliver(light_pipeline, [keys, keys[::-1]])
        assert _outcomes(light_pipeline, dataset, 5) == {"incomplete": 5}
        assert executions_of(light_pipeline, dataset) == []

        light_pipeline.put(dataset, files[3])

        assert _outcomes(light_pipeline, dataset, 6) == {"incomplete": 5, "started": 1}
        assert len(executions_of(light_pipeline, dataset)) == 1


def test_two_data_sets_at_once_are_two_isolated_runs(
    light_pipeline: Pipeline, digits: Path, tmp_path: Path, chance: random.Random
) -> None:
    sizes = dict(zip(("left", "right"), chance.sample(range(100, 360), 2), strict=True))
    datasets = {side: unique(side) for side in sizes}
    folders = {side: _shortened(digits, tmp_path / side, size) for side, size in sizes.items()}
    uploads = [(datasets[side], file) for side, f in folders.items() for file in f.iterdir()]
    chance.shuffle(uploads)
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(lambda upload: light_pipeline.put(*upload), uploads))

    outputs = {}
    for side, dataset in datasets.items():
        (arn,) = eventually(partial(executions_of, light_pipeline, dataset))
        light_pipeline.registered(arn)
        outputs[side] = light_pipeline.end_of(arn)["output"]

    for side, output in outputs.items():
        assert output["dataset"]["name"] == datasets[side]
        evaluation = json.loads(
            light_pipeline.object(f"{output['paths']['evaluation']}/evaluation.json")
        )
        assert evaluation["dataset"]["test_samples"] == sizes[side]
        accuracy = evaluation["multiclass_classification_metrics"]["accuracy"]["value"]
        assert output["quality_gate"]["metrics"] == {"accuracy": accuracy}
        places = re.findall(r"s3://[^\"]*/runs/([^/\"]+)", json.dumps(output))
        assert set(places) == {output["run_id"]}
    assert outputs["left"]["run_id"] != outputs["right"]["run_id"]


def test_an_older_sequencer_that_arrives_last_starts_nothing(
    light_pipeline: Pipeline, digits: Path, chance: random.Random
) -> None:
    dataset, files = unique("late"), sorted(digits.iterdir())
    with doing_nothing(light_pipeline):
        keys = [light_pipeline.put(dataset, file) for file in files]
        _outcomes(light_pipeline, dataset, 4)
        written_twice = chance.randrange(4)
        light_pipeline.put(dataset, files[written_twice])
        _outcomes(light_pipeline, dataset, 5)
        before = executions_of(light_pipeline, dataset)

        _deliver(light_pipeline, [[keys[written_twice]]], sequencer="000000000000000001")

        outcomes = _outcomes(light_pipeline, dataset, 6)
        assert outcomes["started"] == len(before) == 2  # the data set before, and as it is now
        assert executions_of(light_pipeline, dataset) == before


def test_shuffled_and_duplicated_deliveries_start_one_execution_for_each_data_set(
    light_pipeline: Pipeline, digits: Path, chance: random.Random
) -> None:
    datasets, files = [unique("many") for _ in range(DATA_SETS)], sorted(digits.iterdir())
    uploads = [(dataset, file) for dataset in datasets for file in files]
    keys = [f"raw_data/{dataset}/{file.name}" for dataset, file in uploads]
    told = [*keys, *chance.choices(keys, k=DELIVERIES - len(keys))]
    steps = [*uploads, *told]  # some events come before their file, as if it had been there before
    chance.shuffle(steps)

    def do(step: tuple[str, Path] | str) -> None:
        if isinstance(step, str):
            _deliver(light_pipeline, [[step]])
        else:
            light_pipeline.put(*step)

    with doing_nothing(light_pipeline):
        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(do, steps))
        outcomes: Counter[str] = Counter()
        for dataset in datasets:
            expected = len(files) + sum(f"/{dataset}/" in key for key in told)
            outcomes += _outcomes(light_pipeline, dataset, expected)
        executions = [executions_of(light_pipeline, dataset) for dataset in datasets]

    assert [len(started) for started in executions] == [1] * DATA_SETS
    assert outcomes["started"] == DATA_SETS
    figures.record("shuffled and duplicated deliveries", DELIVERIES)
    figures.record("data sets that they told of", DATA_SETS)
    figures.record("executions that they started", sum(map(len, executions)))


def _deliver(pipeline: Pipeline, events: list[list[str]], **more: str) -> None:
    """Send the trigger events, each of the keys that it tells of, as S3 sends them."""

    def send(keys: list[str]) -> None:
        bucket = {"name": pipeline.deployment.bucket}
        objects = [{"key": quote_plus(key, safe="/"), "size": 1, **more} for key in keys]
        s3 = [{"bucket": bucket, "object": described} for described in objects]
        records = [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": o} for o in s3]
        pipeline.lambdas.invoke(
            FunctionName=pipeline.deployment.functions["on_upload"],
            InvocationType="Event",
            Payload=json.dumps({"Records": records}),
        )

    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, events))


def _outcomes(pipeline: Pipeline, dataset: str, expected: int) -> Counter[str]:
    """Wait until the trigger has logged so many outcomes for the data set; count each kind."""
    group = f"/aws/lambda/{pipeline.deployment.functions['on_upload']}"
    logs = pipeline.aws.client("logs")
    pages = logs.get_paginator("filter_log_events")

    def look() -> Counter[str] | None:
        lines = []
        with suppress(logs.exceptions.ResourceNotFoundException):  # the first has yet to come
            for page in pages.paginate(logGroupName=group, filterPattern=f'"{dataset}"'):
                lines += [event["message"] for event in page["events"]]
        outcomes = Counter(json.loads(line)["outcome"] for line in lines if '"outcome"' in line)
        return outcomes if sum(outcomes.values()) >= expected else None

    outcomes = eventually(look, timeout=240, every=0.3)
    assert outcomes is not None
    assert sum(outcomes.values()) == expected
    return outcomes


def _shortened(digits: Path, folder: Path, size: int) -> Path:
    """Copy the data set with so many test images only."""
    folder.mkdir()
    for file in digits.iterdir():
        content = gzip.decompress(file.read_bytes())
        if file.name.startswith("t10k"):
            dimensions = struct.unpack_from(f">{content[3]}I", content, 4)
            start = 4 + 4 * len(dimensions)
            length = size * math.prod(dimensions[1:])
            header = content[:4] + struct.pack(f">{content[3]}I", size, *dimensions[1:])
            content = header + content[start : start + length]
        (folder / file.name).write_bytes(gzip.compress(content))
    return folder
