"""However S3 delivers: one execution for each fingerprint, and one caller that started it."""

import contextlib
from collections import Counter
from urllib.parse import quote_plus

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.data_sets.data_sets import DataSets
from lambdas.on_upload import on_upload
from lambdas.settings import Settings
from tests.fakes.s3 import FakeS3
from tests.fakes.stepfunctions import FakeStepFunctions

BUCKET = "retrain-dev-123456789012-us-east-1"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev"
NAMES = ("digits", "a b + c", "数字")
FILES = ("images + 1.gz", "labels.gz")
SETTINGS = Settings(BUCKET, MACHINE, "raw_data/", FILES, {})
KEYS = [f"raw_data/{name}/{file}" for name in NAMES for file in FILES]
CALLS = ("ListObjectVersions", "DescribeExecution", "HeadObject", "StartExecution", "PutObject")

keys = st.sampled_from(KEYS)
deliveries = st.lists(st.lists(keys, min_size=1, max_size=6), max_size=12)
# Which other event gets in before which of a delivery's calls.
interruptions = st.lists(st.tuples(st.sampled_from(CALLS), st.lists(keys, min_size=1, max_size=3)))


class World:
    """A bucket, a state machine and its trigger; and what each invocation answered."""

    def __init__(self) -> None:
        self.s3, self.states = FakeS3(BUCKET), FakeStepFunctions()
        self.answers: list[dict] = []

    def deliver(self, told: list[str]) -> None:
        objects = [{"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key)}} for key in told]
        records = [{"eventName": "ObjectCreated:Put", "s3": told} for told in objects]
        event = {"Records": records}
        self.answers += on_upload(
            event, settings=SETTINGS, s3=self.s3, stepfunctions=self.states, at_once=1
        )

    def let_in(self, call: str, told: list[str]) -> None:
        fake = self.s3 if call in ("ListObjectVersions", "HeadObject", "PutObject") else self.states
        fake.just_before(call, lambda: self.deliver(told))

    def fingerprints(self) -> set[str]:
        found = [DataSets(self.s3, BUCKET, "raw_data/", FILES).find(name) for name in NAMES]
        return {dataset.fingerprint for dataset in found if not dataset.incomplete}

    def started(self) -> Counter:
        return Counter(execution.input["fingerprint"] for execution in self.states.started)

    def said_started(self) -> list[str]:
        return [a["execution_arn"] for a in self.answers if a["outcome"] == "started"]


@given(
    uploads=st.lists(keys, unique=True),
    before=deliveries,
    between=interruptions,
    after=deliveries,
    meanwhile=st.sampled_from(["nothing", "the end", "90 days"]),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_one_execution_a_fingerprint(uploads, before, between, after, meanwhile):
    world = World()
    for key in uploads:
        world.s3.upload(BUCKET, key)
    for call, told in between:
        world.let_in(call, told)
    for told in before:
        world.deliver(told)
    world.deliver(KEYS)  # at least once
    if meanwhile != "nothing":
        for execution in world.states.started:
            world.states.end(execution.arn)
    if meanwhile == "90 days":
        world.states.forget()
    for told in after:
        world.deliver(told)
    world.deliver(KEYS)

    assert world.started() == Counter(world.fingerprints())
    assert sorted(world.said_started()) == sorted(e.arn for e in world.states.started)
    assert all(answer["why"] for answer in world.answers)


@given(uploads=st.lists(st.tuples(keys, st.lists(keys, max_size=3)), min_size=1, max_size=20))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_overwriting_between_deliveries_never_starts_one_fingerprint_twice(uploads):
    world = World()
    for key, told in uploads:
        world.s3.upload(BUCKET, key)
        world.deliver([key, *told])
    world.deliver(KEYS)

    assert set(world.started().values()) <= {1}
    assert world.fingerprints() <= set(world.started())
    assert sorted(world.said_started()) == sorted(e.arn for e in world.states.started)


@given(dying=st.sampled_from(CALLS), times=st.integers(1, 3), code=st.sampled_from([500, 503]))
@settings(max_examples=30, deadline=None)
def test_a_trigger_that_dies_at_any_call_loses_nothing_and_starts_nothing_twice(dying, times, code):
    world = World()
    for key in KEYS:
        world.s3.upload(BUCKET, key)
    fake = world.states if "Execution" in dying else world.s3
    fake.refuse(dying, "InternalError", code)
    for _ in range(times):
        with contextlib.suppress(ClientError):  # raised, or nothing left to do
            world.deliver(KEYS)
    fake.accept(dying)
    world.deliver(KEYS)
    world.deliver(KEYS)

    assert world.started() == Counter(world.fingerprints())
    assert len(world.started()) == len(NAMES)
