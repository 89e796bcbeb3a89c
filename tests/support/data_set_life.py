"""A data set that changes in every order, and the executions that it starts: a state machine.

The handlers are the real ones. S3 and Step Functions are fakes, whose clock stands unless a rule
moves it. An event is delivered at any time, twice, or before a call that another handler is just
making; an execution that has answered ``superseded`` goes on running until a rule ends it.

What is held: *the last complete state of a data set has an execution that was not superseded*, and
where the data set is complete in the end, that execution got to work on it.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from typing import Any
from urllib.parse import quote_plus

from botocore.exceptions import ClientError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from lambdas.data_sets.data_sets import DataSet, DataSets
from lambdas.errors import DataSetError, ThrottlingError
from lambdas.on_upload import EVENTS as HEARD
from lambdas.on_upload import on_upload
from lambdas.prepare_run import prepare_run
from lambdas.runs.succession import INCOMPLETE_SECONDS
from lambdas.settings import Settings
from lambdas.start_retraining import start_retraining
from lambdas.take_turn import take_turn
from tests.fakes.s3 import FakeS3
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.stepfunctions import Execution, FakeStepFunctions
from tests.support.code import place_code
from tests.support.paths import EVENTS

BUCKET = "retrain-dev-123456789012-us-east-1"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev"
NAME = "digits"
REQUIRED = ("images.gz", "labels.gz")
MANIFEST = "manifest.json"
EXTRA = "more.gz"  # a file that only a manifest asks for
CONTENTS = (b"one", b"two")  # of one size: a manifest fits both
SETTINGS = Settings(BUCKET, MACHINE, "raw_data/", REQUIRED, {})

OF_S3 = ("ListObjectVersions", "HeadObject", "PutObject", "GetObject", "CopyObject")
OF_STATES = ("DescribeExecution", "StartExecution", "ListExecutions")
PUT, REMOVED = "ObjectCreated:Put", "ObjectRemoved:Delete"

ACTS = ("put", "delete", "take_back")
files = st.sampled_from((*REQUIRED, EXTRA, MANIFEST))
which = st.integers(0, 5)


def manifest_of(*names: str) -> bytes:
    """Return a manifest of files with three bytes each."""
    listed = [{"name": name, "size": 3, "sha256": "0" * 64} for name in names]
    return json.dumps({"files": listed}).encode()


MANIFESTS = (manifest_of(*REQUIRED), manifest_of(*REQUIRED, EXTRA), manifest_of("never.gz"), b"{")


class DataSetLife(RuleBasedStateMachine):
    """Changes of one data set, deliveries of their events, and questions of its executions."""

    def __init__(self) -> None:
        super().__init__()
        self.states, self.sagemaker = FakeStepFunctions(), FakeSageMaker(NAME)
        self.told: list[tuple[str, str]] = []  # events that are under way, and their keys
        self.turns: set[str] = set()  # executions that may work
        self.leaving: dict[str, dict[str, Any]] = {}  # outputs of those about to end
        self.worked: Counter[str] = Counter()  # runs by fingerprint
        self.last_complete: str | None = None
        self.defaults = json.loads((EVENTS / "prepare_run.json").read_text())["defaults"]
        self.defaults |= {"required_files": list(REQUIRED), "reuse_steps": "never"}

    @initialize(versioned=st.sampled_from([True, True, True, False]))
    def begin(self, versioned: bool) -> None:
        """An execution of other data has the turn, and one of this data waits for its own."""
        self.s3 = FakeS3(BUCKET, versioned=versioned)
        place_code(self.s3, BUCKET)
        self.s3.page_size = 1000
        self.states.start_execution(stateMachineArn=MACHINE, name="earlier", input="{}")
        self.put_all(CONTENTS[0])
        self.deliver_all()

    # What users do

    @rule(file=files, content=st.sampled_from(CONTENTS), manifest=st.sampled_from(MANIFESTS))
    def put(self, file: str, content: bytes, manifest: bytes) -> None:
        body = manifest if file == MANIFEST else content
        self.change(PUT, file, partial(self.s3.upload, BUCKET, self.key(file), body))

    @rule(content=st.sampled_from(CONTENTS))
    def put_all(self, content: bytes) -> None:
        for file in REQUIRED:
            self.change(PUT, file, partial(self.s3.upload, BUCKET, self.key(file), content))

    @rule(file=files, by=st.sampled_from(["ObjectRemoved", "LifecycleExpiration"]))
    def delete(self, file: str, by: str = "ObjectRemoved") -> None:
        """An object, with a delete marker where versions are kept; a rule may do it as well."""
        if self.current(file):
            event = f"{by}:DeleteMarkerCreated" if self.s3.versioned else f"{by}:Delete"
            self.change(event, file, partial(self.s3.delete, BUCKET, self.key(file)))

    @rule(file=files)
    def take_back(self, file: str) -> None:
        """The newest version for good: a delete marker, or what was put by mistake."""
        if self.s3.versioned and (versions := self.s3.buckets[BUCKET].get(self.key(file))):
            newest = versions[-1].version_id
            remove = partial(self.s3.delete_version, BUCKET, self.key(file), newest)
            self.change(REMOVED, file, remove)

    @rule()
    def ask_for_it(self) -> None:
        with contextlib.suppress(DataSetError, ClientError):
            start_retraining(
                {"dataset": NAME},
                request_id="request",
                settings=SETTINGS,
                s3=self.s3,
                stepfunctions=self.states,
            )

    # What AWS does

    @rule()
    def deliver_all(self) -> None:
        """Each event that is under way, once."""
        for _ in range(len(self.told)):
            self.deliver(0, False)

    @rule(number=which, twice=st.booleans())
    def deliver(self, number: int, twice: bool) -> None:
        """An event, in any order; one that is handled without success comes again."""
        if not self.told:
            return
        told = self.told.pop(number % len(self.told))
        try:
            self.handle(*told)
        except ClientError:
            self.told.append(told)
        if twice:
            self.told.append(told)

    @rule(number=which)
    def go_on(self, number: int) -> None:
        """One step of an execution: a question, its end, or the work."""
        if running := self.running():
            self.step(running[number % len(running)])

    @rule(seconds=st.sampled_from([5, 600, INCOMPLETE_SECONDS + 1]))
    def wait(self, seconds: int) -> None:
        self.s3.wait(seconds)

    @rule()
    def ninety_days_pass(self) -> None:
        self.s3.wait(90 * 24 * 3600)
        self.states.forget()

    @rule(
        number=which,
        call=st.sampled_from(OF_S3 + OF_STATES),
        changes=st.lists(st.tuples(st.sampled_from(ACTS), files), max_size=2),
        delivered=st.booleans(),
    )
    def go_on_while_it_changes(
        self, number: int, call: str, changes: list[tuple[str, str]], delivered: bool
    ) -> None:
        """The same, and others get in just before it makes its next call of that kind."""

        def meanwhile() -> None:
            for act, file in changes:
                if act == "put":
                    self.put(file, CONTENTS[0], MANIFESTS[0])
                else:
                    getattr(self, act)(file)
            if delivered:
                self.deliver_all()

        self.fake(call).just_before(call, meanwhile)
        self.go_on(number)

    @rule()
    def earlier_one_ends(self) -> None:
        self.states.started[0].status = "SUCCEEDED"

    @rule(call=st.sampled_from(OF_S3 + OF_STATES))
    def fail(self, call: str) -> None:
        self.fake(call).refuse(call, "SlowDown", 503)

    @rule()
    def recover(self) -> None:
        for call in OF_S3 + OF_STATES:
            self.fake(call).accept(call)

    # How it is done

    def running(self) -> list[str]:
        """Those of this data set."""
        found = self.states.executions.values()
        return [e.arn for e in found if e.status == "RUNNING" and "fingerprint" in e.input]

    def key(self, file: str) -> str:
        return f"raw_data/{NAME}/{file}"

    def current(self, file: str) -> bool:
        versions = self.s3.buckets[BUCKET].get(self.key(file))
        return bool(versions) and versions[-1].content is not None

    def change(self, event: str, file: str, act: Callable[[], object]) -> None:
        act()
        if any(fnmatchcase(f"s3:{event}", heard) for heard in HEARD):
            self.told.append((event, self.key(file)))
        dataset = self.look()
        if not dataset.incomplete:
            self.last_complete = dataset.fingerprint

    def look(self) -> DataSet:
        """The data set as it is, seen by nobody: no fault strikes and nobody gets in between."""
        still = FakeS3(versioned=self.s3.versioned)
        still.buckets = self.s3.buckets
        return DataSets(still, BUCKET, "raw_data/", REQUIRED).find(NAME)

    def fake(self, call: str) -> FakeS3 | FakeStepFunctions:
        return self.s3 if call in OF_S3 else self.states

    def handle(self, event_name: str, key: str) -> None:
        told = {"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key)}}
        event = {"Records": [{"eventName": event_name, "s3": told}]}
        on_upload(event, settings=SETTINGS, s3=self.s3, stepfunctions=self.states)

    def step(self, arn: str) -> None:
        if arn in self.leaving:
            self.states.end(arn, output=self.leaving.pop(arn))
            return
        act = self.work if arn in self.turns else self.ask
        try:
            act(self.states.executions[arn])
        except ThrottlingError:
            return  # the state is tried again
        except DataSetError:
            self.states.end(arn, "FAILED")

    def ask(self, execution: Execution) -> None:
        event = self.payload(execution) | {"settle_seconds": 10, "max_concurrent_runs": 1}
        answer = take_turn(event, now=self.s3.now(), s3=self.s3, stepfunctions=self.states)
        if answer["outcome"] == "superseded":
            self.leaving[execution.arn] = answer
        elif answer["outcome"] == "go":
            self.turns.add(execution.arn)

    def work(self, execution: Execution) -> None:
        state = prepare_run(self.payload(execution), s3=self.s3, sagemaker=self.sagemaker)
        if state["outcome"] == "outdated":
            self.turns.discard(execution.arn)
            return
        if state["outcome"] != "superseded":
            self.worked[execution.input["fingerprint"]] += 1
        self.leaving[execution.arn] = state

    def payload(self, execution: Execution) -> dict[str, Any]:
        started = {"arn": execution.arn, "started_at": execution.started.isoformat()}
        return {"execution": started, "input": execution.input, "defaults": self.defaults}

    def teardown(self) -> None:
        if hasattr(self, "s3"):
            self.come_to_rest()
            self.check()

    def come_to_rest(self) -> None:
        """Deliver everything, and let every execution end."""
        self.recover()
        self.earlier_one_ends()
        for _ in range(200):
            while self.told:
                self.deliver(0, False)
            if not self.running():
                return
            for arn in self.running():
                self.step(arn)
            self.s3.wait(600)
        raise AssertionError("executions ask for ever")

    def check(self) -> None:
        dataset = self.look()
        started = self.states.started[1:]
        ended = [e for e in started if e.input["fingerprint"] == self.last_complete]
        superseded = [e for e in ended if (e.output or {}).get("outcome") == "superseded"]
        assert not ended or len(superseded) < len(ended), "all were superseded"
        assert dataset.incomplete or self.worked[dataset.fingerprint], "nobody has worked on it"
        fingerprints = {e.input["fingerprint"] for e in started}
        for execution in started:
            output = execution.output or {}
            if output.get("outcome") == "superseded":
                assert output["superseded_by"] in fingerprints
