"""What a failing container says of itself, however long and however garbled."""

import random

from tests.functional.sagemaker_requests import Account, training, unique

FAILURE = "$SAGEMAKER_BASE_DIR/output/failure"
MESSAGE = "$SAGEMAKER_BASE_DIR/output/message"
LIMIT = 1024


def test_a_failure_text_of_5_kb_is_cut_at_1024_characters(
    account: Account, chance: random.Random
) -> None:
    text = "".join(chance.choices("aé€😀", k=5120))
    name = unique("long")
    source = account.put(f"{name}/failure", text)
    script = f"cp $SAGEMAKER_BASE_DIR/input/data/train/failure {FAILURE}; exit 1"
    data = {"S3DataType": "S3Prefix", "S3Uri": source.rpartition("/")[0]}
    channel = {"ChannelName": "train", "DataSource": {"S3DataSource": data}}
    request = training(name, account.uri("models"), script, InputDataConfig=[channel])

    account.sagemaker.create_training_job(**request)

    reason = account.ended_training(name)["FailureReason"]
    assert len(reason) == LIMIT
    assert reason == f"AlgorithmError: {text}"[:LIMIT]


def test_a_failure_text_that_is_no_text_still_fails_with_the_exit_code(
    account: Account, chance: random.Random
) -> None:
    name, code = unique("garbled"), chance.randrange(1, 126)
    script = f"printf 'disk \\xff\\xfe' > {FAILURE}; exit {code}"

    account.sagemaker.create_training_job(**training(name, account.uri("models"), script))

    job = account.ended_training(name)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == f"AlgorithmError: disk \ufffd\ufffd, exit code: {code}"


def test_an_exit_message_that_is_not_utf8_is_a_client_error(
    account: Account, chance: random.Random
) -> None:
    name, code = unique("garbled"), chance.choice([0, 1])
    script = f"head -c 2000 /dev/zero | tr '\\0' '\\377' > {MESSAGE}; exit {code}"

    account.sagemaker.create_processing_job(**account.processing(name, script))

    job = account.ended_processing(name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")
    assert len(job["FailureReason"]) <= LIMIT
    assert "ExitMessage" not in job
