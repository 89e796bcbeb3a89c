"""A data set that changes in every order, and the executions that it starts: a state machine.

The handlers are the real ones. S3 and Step Functions are fakes, or the embedded AWS; their clock
stands unless a rule moves it. An event is delivered at any time, twice, or before a call that
another handler is just making; an execution that has answered ``superseded`` goes on running until
a rule ends it.

What is held: *the last complete state of a data set has an execution that was not superseded*, and
where the data set is complete in the end, that execution got to work on it. A state that comes back
counts from the first event that is handled while it stands: if it goes before that, nobody can have
known of it, and the one before it is the last.
"""

import contextlib
import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote_plus

from botocore.exceptions import ClientError
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from lambdas.data_sets.data_sets import DataSet, DataSets
from lambdas.errors import DataSetError, ThrottlingError
from lambdas.on_upload import on_upload
from lambdas.prepare_run import prepare_run
from lambdas.runs.succession import INCOMPLETE_SECONDS
from lambdas.settings import Settings
from lambdas.start_retraining import start_retraining
from lambdas.take_turn import take_turn
from tests.fakes.ecr import FakeEcr
from tests.fakes.stepfunctions import Execution
from tests.support.code import CODE, CODE_SHA256
from tests.support.data_set_account import (
    GROUP,
    OF_S3,
    OF_STATES,
    UPLOADS,
    Account,
    FakeAccount,
    Told,
)
from tests.support.paths import EVENTS

NAME = GROUP
REQUIRED = ("images.gz", "labels.gz")
MANIFEST = "manifest.json"
EXTRA = "more.gz"  # a file that only a manifest asks for
CONTENTS = (b"one", b"two")  # of one size: a manifest fits both

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

    def __init__(self, account: Callable[[bool], Account] = FakeAccount) -> None:
        super().__init__()
        self.make_account = account
        self.told: list[Told] = []  # events that are under way
        self.turns: set[str] = set()  # executions that may work
        self.leaving: dict[str, dict[str, Any]] = {}  # outputs of those about to end
        self.worked: Counter[str] = Counter()  # runs by fingerprint
        self.last_complete: str | None = None
        self.complete: set[str] = set()  # the fingerprints of all complete states
        self.came_back: str | None = None  # one of them, of which no event may have told

    @initialize(versioned=st.sampled_from([True, True, True, False]))
    def begin(self, versioned: bool) -> None:
        """An execution of other data has the turn, and one of this data waits for its own."""
        self.account = account = self.make_account(versioned)
        self.settings = Settings(account.bucket, account.state_machine, UPLOADS, REQUIRED, {})
        self.defaults = self.make_defaults()
        for file, content in CODE.items():
            account.put(f"code/{CODE_SHA256}/{file}", content)
        earlier = {"stateMachineArn": account.state_machine, "name": "earlier", "input": "{}"}
        self.earlier = account.states.start_execution(**earlier)["executionArn"]
        self.put_all(CONTENTS[0])
        self.deliver_all()

    def make_defaults(self) -> dict[str, Any]:
        defaults = json.loads((EVENTS / "prepare_run.json").read_text())["defaults"]
        code = f"s3://{self.account.bucket}/code/{CODE_SHA256}/"
        return {
            **defaults,
            "bucket": self.account.bucket,
            "required_files": list(REQUIRED),
            "reuse_steps": "never",
            "code": {"s3_uri": code, "sha256": CODE_SHA256},
            "model_package_group": GROUP,
        }

    # What users do

    @rule(file=files, content=st.sampled_from(CONTENTS), manifest=st.sampled_from(MANIFESTS))
    def put(self, file: str, content: bytes, manifest: bytes) -> None:
        body = manifest if file == MANIFEST else content
        self.change(partial(self.account.put, self.key(file), body))

    @rule(content=st.sampled_from(CONTENTS))
    def put_all(self, content: bytes) -> None:
        for file in REQUIRED:
            self.change(partial(self.account.put, self.key(file), content))

    @rule(file=files, by=st.sampled_from(["ObjectRemoved", "LifecycleExpiration"]))
    def delete(self, file: str, by: str = "ObjectRemoved") -> None:
        """An object, with a delete marker where versions are kept; a rule may do it as well."""
        if self.current(file):
            self.change(partial(self.account.delete, self.key(file), by))

    @rule(file=files)
    def take_back(self, file: str) -> None:
        """The newest version for good: a delete marker, or what was put by mistake."""
        newest = self.account.newest(self.key(file))
        if self.account.versioned and newest:
            self.change(partial(self.account.delete_version, self.key(file), newest[0]))

    @rule()
    def ask_for_it(self) -> None:
        with contextlib.suppress(DataSetError, ClientError):
            start_retraining(
                {"dataset": NAME},
                request_id="request",
                settings=self.settings,
                s3=self.account.s3,
                stepfunctions=self.account.states,
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
        self.account.wait(seconds)

    @rule()
    def ninety_days_pass(self) -> None:
        self.account.wait(90 * 24 * 3600)
        self.account.forget_executions()

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

        self.account.just_before(call, meanwhile)
        self.go_on(number)

    @rule()
    def earlier_one_ends(self) -> None:
        if self.earlier:
            self.account.end(self.earlier, "SUCCEEDED", {})
            self.earlier = ""

    @rule(call=st.sampled_from(OF_S3 + OF_STATES))
    def fail(self, call: str) -> None:
        self.account.refuse(call)

    @rule()
    def recover(self) -> None:
        for call in OF_S3 + OF_STATES:
            self.account.accept(call)

    # How it is done

    def running(self) -> list[str]:
        """Those of this data set."""
        return [e.arn for e in self.of_this_data() if e.status == "RUNNING"]

    def of_this_data(self) -> list[Execution]:
        return [e for e in self.account.started() if "fingerprint" in e.input]

    def key(self, file: str) -> str:
        return f"{UPLOADS}{NAME}/{file}"

    def current(self, file: str) -> bool:
        newest = self.account.newest(self.key(file))
        return newest is not None and newest[1]

    def change(self, act: Callable[[], object]) -> None:
        act()
        self.told += self.account.told()
        dataset = self.look()
        if dataset.incomplete:
            return
        if dataset.fingerprint in self.complete:
            self.came_back = dataset.fingerprint
            return
        self.complete.add(dataset.fingerprint)
        self.last_complete, self.came_back = dataset.fingerprint, None

    def look(self) -> DataSet:
        """The data set as it is, seen by nobody: no fault strikes and nobody gets in between."""
        return DataSets(self.account.unseen, self.account.bucket, UPLOADS, REQUIRED).find(NAME)

    def handle(self, event_name: str, key: str) -> None:
        told = {"bucket": {"name": self.account.bucket}, "object": {"key": quote_plus(key)}}
        event = {"Records": [{"eventName": event_name, "s3": told}]}
        account = self.account
        on_upload(event, settings=self.settings, s3=account.s3, stepfunctions=account.states)
        dataset = self.look()
        if not dataset.incomplete:
            self.last_complete, self.came_back = dataset.fingerprint, None

    def step(self, arn: str) -> None:
        if arn in self.leaving:
            self.account.end(arn, "SUCCEEDED", self.leaving.pop(arn))
            return
        act = self.work if arn in self.turns else self.ask
        (execution,) = (e for e in self.of_this_data() if e.arn == arn)
        try:
            act(execution)
        except ThrottlingError:
            return  # the state is tried again
        except DataSetError:
            self.account.end(arn, "FAILED", {})

    def ask(self, execution: Execution) -> None:
        event = self.payload(execution) | {"settle_seconds": 10, "max_concurrent_runs": 1}
        account = self.account
        answer = take_turn(event, now=account.now(), s3=account.s3, stepfunctions=account.states)
        if answer["outcome"] == "superseded":
            self.leaving[execution.arn] = answer
        elif answer["outcome"] == "go":
            self.turns.add(execution.arn)

    def work(self, execution: Execution) -> None:
        account = self.account
        state = prepare_run(
            self.payload(execution),
            s3=account.s3,
            sagemaker=account.sagemaker,
            ecr=FakeEcr().in_region,
            seconds_left=lambda: 900,
        )
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
        if hasattr(self, "account"):
            try:
                self.come_to_rest()
                self.check()
            finally:
                self.account.close()

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
            self.account.wait(600)
        raise AssertionError("executions ask for ever")

    def was_given_up(self, fingerprint: str) -> bool:
        """Tell whether the state has executions, and none that was not superseded."""
        those = [e for e in self.of_this_data() if e.input["fingerprint"] == fingerprint]
        return bool(those) and all((e.output or {}).get("outcome") == "superseded" for e in those)

    def check(self) -> None:
        dataset = self.look()
        started = self.of_this_data()
        last = {self.last_complete, self.came_back} - {None}
        assert not last or not all(map(self.was_given_up, last)), "all were superseded"
        assert dataset.incomplete or self.worked[dataset.fingerprint], "nobody has worked on it"
        fingerprints = {e.input["fingerprint"] for e in started}
        for execution in started:
            output = execution.output or {}
            if output.get("outcome") == "superseded":
                assert output["superseded_by"] in fingerprints
