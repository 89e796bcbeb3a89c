import json

import pytest

from lambdas.announce import announce, shown_cause
from tests.fakes.executions import FakeExecutions
from tests.fakes.messaging import FakeSns

TOPIC = "arn:aws:sns:us-east-1:123456789012:retrain-dev-announcements"
DONE = ["TakeTurn", "PrepareRun", "Preprocess"]


@pytest.fixture
def sns() -> FakeSns:
    return FakeSns()


@pytest.fixture
def tell(event, sns):
    """Return a function that announces an execution and returns the subject and the text."""

    def announced(name="digits-1", **fields):
        executions = FakeExecutions()
        execution = executions.add(name, **{"status": "FAILED", "entered": DONE, **fields})
        told = event("execution_failed")
        told["detail"]["executionArn"] = execution.arn
        answer = announce(
            told, topic_arn=TOPIC, bucket="bucket", stage="prod", sns=sns, stepfunctions=executions
        )
        assert answer["execution_arn"] == execution.arn
        (message,) = sns.published
        assert message["TopicArn"] == TOPIC
        return message["Subject"], message["Message"]

    return announced


def test_it_names_the_state_the_cause_in_one_line_and_the_way_to_resume(tell):
    job = {
        "ProcessingJobName": "digits-1-preprocess-0-0",
        "ProcessingJobStatus": "Failed",
        "FailureReason": "AlgorithmError: See job logs for more information",
        "ExitMessage": "train-labels-idx1-ubyte.gz: not a gzip file:\nfound 20 bytes",
    }
    subject, text = tell(error="States.TaskFailed", cause=json.dumps(job))
    assert subject == "FAILED: digits-1 at Preprocess"
    assert text.splitlines() == [
        "Execution  digits-1 of retrain-dev",
        "Status     FAILED",
        "State      Preprocess",
        "Cause      States.TaskFailed: train-labels-idx1-ubyte.gz: not a gzip file: found 20 bytes",
        "Resume     retrain redrive digits-1 --stage prod  (finished states are not repeated)",
        "ARN        arn:aws:states:us-east-1:123456789012:execution:retrain-dev:digits-1",
    ]


def test_a_rejection_is_final_and_says_so(tell):
    _, text = tell(
        error="QualityGate.ThresholdNotMet",
        cause="accuracy 0.909 < 0.990 required",
        entered=[*DONE, "QualityGate", "Rejected"],
    )
    assert "State      Rejected" in text
    assert "accuracy 0.909 < 0.990 required" in text
    assert "Report     s3://bucket/runs/digits-1/report.html" in text
    assert "a rejection is final" in text
    assert "retrain redrive" not in text


@pytest.mark.parametrize("status", ["TIMED_OUT", "ABORTED"])
def test_an_end_without_a_cause_is_announced_too(tell, status):
    subject, text = tell(status=status)
    assert subject.startswith(f"{status}: ")
    assert "Cause      none was given" in text
    assert "retrain redrive digits-1" in text


def test_an_execution_stopped_before_any_state(tell):
    subject, _ = tell(status="ABORTED", entered=[])
    assert subject.endswith(" at its start")


def test_the_subject_is_one_that_sns_takes(tell):
    subject, text = tell(name="é" * 80, entered=["Zustand-ß" * 8])
    assert len(subject) == 100
    assert "é" * 80 in text


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        ('{"FailureReason": "ValueError: loss is NaN"}', "ValueError: loss is NaN"),
        ('{"errorMessage": "no data", "errorType": "InvalidInputError"}', "no data"),
        ('{"other": 1}', '{"other": 1}'),
        ("[1]", "[1]"),
        ("plain\nwords", "plain words"),
        ("", ""),
    ],
)
def test_the_sentence_that_a_person_looks_for(cause, said):
    assert shown_cause(cause) == said


def test_a_huge_cause_stays_readable():
    assert len(shown_cause("x" * 32_768)) == 2000
