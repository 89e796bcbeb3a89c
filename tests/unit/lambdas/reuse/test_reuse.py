"""What a run takes over from earlier ones, and what makes it compute a step itself."""

import json

import pytest

from lambdas.prepare_run import prepare_run
from tests.support.code import CODE, place_code
from tests.unit.lambdas import jobs
from tests.unit.lambdas.conftest import BUCKET, FILES
from tests.unit.lambdas.originals import ORIGINAL, write_original

DATA = "raw_data/fashion-mnist/train-images-idx3-ubyte.gz"
TAG = "2.19-cpu-py312"
NEWER = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.20-cpu-py312"
FIRST, RUNS = "first", f"s3://{BUCKET}/runs"


@pytest.fixture
def prepare(s3, sagemaker, ecr, event, upload):
    """Return a function that prepares the run of that name, with an input or other defaults."""
    upload("fashion-mnist")

    def run(name, execution_input=None, **defaults):
        payload = event("prepare_run") | {"input": execution_input or {}}
        payload["execution"]["arn"] = payload["execution"]["arn"].rsplit(":", 1)[0] + ":" + name
        payload["defaults"] |= defaults
        return prepare_run(
            payload, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900
        )

    return run


@pytest.fixture
def preprocessed(prepare, s3, sagemaker):
    """Return the state of a run that has preprocessed and then failed."""
    state = prepare(FIRST)
    jobs.preprocess(s3, sagemaker, state)
    return state


@pytest.fixture
def trained(preprocessed, s3, sagemaker):
    """Return the state of a run that has trained."""
    jobs.train(s3, sagemaker, preprocessed)
    return preprocessed


def why(state):
    return {name: step["why"] for name, step in state["steps"].items()}


def sources(state):
    return {name: step["reused_from"] for name, step in state["steps"].items()}


def test_a_first_run_computes_everything(prepare):
    state = prepare(FIRST)
    assert state["outcome"] == "prepared"
    assert sources(state) == {"Preprocess": None, "Train": None}
    assert why(state) == {"Preprocess": "not computed before", "Train": "Preprocess is computed"}
    assert "preprocessing_job" not in state
    assert "training_job" not in state


def test_a_second_run_on_the_same_takes_over_both_steps(prepare, trained, s3):
    state = prepare("second")
    assert state["outcome"] == "trained"
    assert sources(state) == {"Preprocess": FIRST, "Train": FIRST}
    assert state["paths"]["preprocessing"] == f"{RUNS}/first/preprocessing"
    assert state["paths"]["training"] == f"{RUNS}/first/training"
    assert state["paths"]["evaluation"] == f"{RUNS}/second/evaluation"
    assert state["preprocessing_job"] == {
        "job_name": "first-preprocess-0-0",
        "instance_type": "ml.m5.xlarge",
        "instance_count": 1,
        "reused_from": FIRST,
    }
    assert state["training_job"] == {
        "job_name": "first-train-0-0",
        "instance_type": "ml.m5.2xlarge",
        "instance_count": 1,
        "reused_from": FIRST,
        "model_data_url": f"{RUNS}/first/training/first-train-0-0/output/model.tar.gz",
    }
    plan = json.loads(s3.content(BUCKET, "runs/second/run.json"))
    assert plan["steps"] == state["steps"]


def test_a_run_after_that_takes_them_from_the_first_too(prepare, trained):
    prepare("second")
    assert sources(prepare("third")) == {"Preprocess": FIRST, "Train": FIRST}


def test_a_run_that_failed_in_training_leaves_its_arrays(prepare, preprocessed):
    state = prepare("second")
    assert state["outcome"] == "preprocessed"
    assert sources(state) == {"Preprocess": FIRST, "Train": None}
    assert state["steps"]["Train"]["why"] == "run first has not completed it"
    assert state["paths"]["training"] == f"{RUNS}/second/training"
    assert "training_job" not in state


def test_the_same_files_uploaded_again_are_the_same_data(prepare, trained, upload):
    upload("fashion-mnist")
    upload("of another name")
    for name, asked in (("second", {"dataset": "fashion-mnist"}), ("third", {})):
        state = prepare(name, asked)
        assert state["outcome"] == "trained"
        assert state["dataset"]["fingerprint"] != trained["dataset"]["fingerprint"]


@pytest.mark.parametrize(
    ("asked", "defaults", "outcome"),
    [
        ({"hyperparameters": {"epochs": 3}}, {}, "preprocessed"),
        ({"instance_types": {"training": "ml.c5.4xlarge"}}, {}, "preprocessed"),
        ({"instance_types": {"evaluation": "ml.c5.4xlarge"}}, {}, "trained"),
        ({"instance_types": {"preprocessing": "ml.c5.4xlarge"}}, {}, "trained"),
        ({"instance_types": {"preprocessing": "ml.g5.xlarge"}}, {}, "prepared"),
        ({"reason": "a look", "requested_by": "grace", "trigger": "schedule"}, {}, "trained"),
        ({}, {"preprocessing": {"validation_fraction": 0.2, "seed": 43}}, "prepared"),
        ({}, {"preprocessing": {"validation_fraction": 0.3, "seed": 42}}, "prepared"),
        ({}, {"images": {"cpu": NEWER, "gpu": NEWER}}, "prepared"),
        ({}, {"model_package_group": "other"}, "trained"),
    ],
)
@pytest.mark.usefixtures("trained")
def test_what_has_changed_is_computed_and_what_depends_on_it(
    prepare, sagemaker, asked, defaults, outcome
):
    sagemaker.groups["other"] = []
    assert prepare("second", asked, **defaults)["outcome"] == outcome


def test_an_image_that_was_built_again_behind_its_tag_computes_anew(prepare, trained, ecr):
    ecr.rebuild(TAG)
    state = prepare("second")
    assert state["outcome"] == "prepared"
    assert state["images"]["training"] != trained["images"]["training"]
    assert state["steps"]["Train"]["key"] != trained["steps"]["Train"]["key"]


@pytest.mark.usefixtures("trained")
def test_the_same_image_under_another_tag_is_the_same(prepare, ecr):
    ecr.alias("2.20-cpu-py312", TAG)
    assert prepare("second", images={"cpu": NEWER, "gpu": NEWER})["outcome"] == "trained"


@pytest.mark.usefixtures("trained")
def test_a_bundle_that_differs_in_what_no_step_executes_changes_nothing(prepare, s3):
    code = place_code(s3, BUCKET, {file: content + b"." for file, content in CODE.items()})
    assert prepare("second", code=code)["outcome"] == "trained"


@pytest.mark.parametrize(
    ("step", "outcome"), [("Preprocess", "prepared"), ("Train", "preprocessed")]
)
def test_other_code_is_computed_anew(prepare, trained, event, step, outcome):
    steps = event("prepare_run")["defaults"]["steps"] | {step: "0" * 64}
    assert prepare("second", steps=steps)["outcome"] == outcome


def test_other_data_are_computed_anew(prepare, trained, s3):
    s3.upload(BUCKET, DATA, b"other images")
    assert prepare("second")["outcome"] == "prepared"
    s3.upload(BUCKET, DATA, DATA.rsplit("/", 1)[-1].encode())
    assert prepare("third")["outcome"] == "trained"


def test_the_same_files_under_each_others_names_are_other_data(prepare, trained, s3):
    labels = DATA.replace("images-idx3", "labels-idx1")
    contents = s3.content(BUCKET, DATA), s3.content(BUCKET, labels)
    s3.upload(BUCKET, DATA, contents[1])
    s3.upload(BUCKET, labels, contents[0])
    assert prepare("second")["outcome"] == "prepared"


def test_force_computes_everything_and_its_results_are_taken_over_later(
    prepare, trained, s3, sagemaker
):
    state = prepare("second", {"force": True})
    assert state["outcome"] == "prepared"
    assert why(state) == {"Preprocess": "forced", "Train": "forced"}
    jobs.preprocess(s3, sagemaker, state)
    # Before it has trained, the first run's training is still the one to have.
    assert sources(prepare("third")) == {"Preprocess": "second", "Train": FIRST}
    jobs.train(s3, sagemaker, state)
    assert sources(prepare("fourth")) == {"Preprocess": "second", "Train": "second"}


def test_reuse_can_be_switched_off(prepare, trained):
    state = prepare("second", reuse_steps="never")
    assert state["outcome"] == "prepared"
    assert why(state)["Preprocess"] == "reuse_unchanged_steps is false"


def test_a_reproduction_computes_everything_and_nobody_takes_it_over(prepare, s3, sagemaker, event):
    plan = write_original(s3)
    state = prepare("second", {"reproduce": ORIGINAL})
    assert state["outcome"] == "prepared"
    assert why(state)["Train"] == "to see whether the result repeats"
    assert not [key for key in s3.buckets[BUCKET] if key.startswith("steps/")]
    jobs.preprocess(s3, sagemaker, state)
    settings = {name: plan[name] for name in ("preprocessing", "hyperparameters")}
    types = {name: float(value) for name, value in settings["hyperparameters"].items()}
    same = prepare(
        "third",
        {"dataset": "digits"},
        preprocessing=settings["preprocessing"],
        hyperparameters=types,
    )
    assert same["outcome"] == "prepared"
    assert same["steps"]["Preprocess"]["key"] != state["steps"]["Preprocess"]["key"]


MODEL = "runs/first/training/first-train-0-0/output/model.tar.gz"
DIGEST = "runs/first/training/first-train-0-0/output/output.tar.gz"
ARRAY = "runs/first/preprocessing/test/X_test/X_test.npy"


@pytest.mark.parametrize(
    ("key", "outcome"), [(ARRAY, "prepared"), (MODEL, "preprocessed"), (DIGEST, "preprocessed")]
)
@pytest.mark.parametrize("later", [0, 86_400])
@pytest.mark.usefixtures("trained")
def test_what_was_overwritten_is_computed_again(prepare, s3, key, outcome, later):
    s3.wait(later)
    s3.upload(BUCKET, key, b"something else")
    state = prepare("second")
    assert state["outcome"] == outcome
    assert f"s3://{BUCKET}/{key} is not what the job wrote" in why(state).values()


@pytest.mark.parametrize(
    ("key", "outcome"), [(ARRAY, "prepared"), (MODEL, "preprocessed"), (DIGEST, "preprocessed")]
)
def test_what_was_deleted_is_computed_again(prepare, trained, s3, key, outcome):
    s3.delete(BUCKET, key)
    state = prepare("second")
    assert state["outcome"] == outcome
    assert f"s3://{BUCKET}/{key} was deleted" in why(state).values()


def test_a_replacement_whose_original_has_expired_is_found_by_its_time(prepare, trained, s3):
    """The bucket keeps replaced versions for 90 days."""
    s3.wait(86_400)
    s3.purge(BUCKET, ARRAY)
    s3.upload(BUCKET, ARRAY, b"something else")
    assert prepare("second")["outcome"] == "prepared"


def test_a_folder_of_which_nothing_is_left_is_computed_again(prepare, trained, s3):
    for key in [key for key in s3.buckets[BUCKET] if "/preprocessing/validation/" in key]:
        s3.purge(BUCKET, key)
    state = prepare("second")
    assert why(state)["Preprocess"] == f"{RUNS}/first/preprocessing/validation/ is gone"


def test_a_model_of_which_nothing_is_left_is_trained_again(prepare, trained, s3):
    s3.purge(BUCKET, MODEL)
    assert why(prepare("second"))["Train"] == f"s3://{BUCKET}/{MODEL} is gone"


def test_what_a_failed_attempt_wrote_before_is_not_in_the_way(prepare, s3, sagemaker):
    state = prepare(FIRST)
    jobs.write(s3, f"s3://{BUCKET}/{ARRAY}", b"half of it")
    jobs.preprocess(s3, sagemaker, state, attempt="1-0")
    found = prepare("second")
    assert found["outcome"] == "preprocessed"
    assert found["preprocessing_job"]["job_name"] == "first-preprocess-1-0"


def test_a_request_that_was_repeated_while_the_job_ran_is_not_in_the_way(
    prepare, preprocessed, s3, sagemaker
):
    (job,) = sagemaker.processing_jobs
    content = s3.content(BUCKET, ARRAY)
    s3.upload(BUCKET, ARRAY, content)
    assert prepare("second")["outcome"] == "preprocessed"
    s3.wait(3600)
    s3.upload(BUCKET, ARRAY, content)
    assert prepare("third")["outcome"] == "preprocessed"
    assert job["ProcessingEndTime"] < s3.now()


@pytest.mark.parametrize("status", ["Failed", "Stopped", "InProgress"])
def test_only_a_completed_job_has_a_result(prepare, trained, sagemaker, status):
    sagemaker.training_jobs[0]["TrainingJobStatus"] = status
    assert prepare("second")["outcome"] == "preprocessed"
    sagemaker.processing_jobs[0]["ProcessingJobStatus"] = status
    assert prepare("third")["outcome"] == "prepared"


@pytest.mark.parametrize("given", [{}, {"RETRAIN_STEP_KEY": "0" * 64}])
def test_only_a_job_that_was_given_the_key_has_its_result(prepare, trained, sagemaker, given):
    """A PrepareRun that was repeated may have planned other data than it had entered."""
    sagemaker.training_jobs[0]["Environment"] = given
    assert prepare("second")["outcome"] == "preprocessed"


def test_jobs_of_runs_with_a_similar_name_are_left_alone(prepare, trained, s3, sagemaker):
    longer = prepare("the-first", {"force": True})
    jobs.preprocess(s3, sagemaker, longer)
    sagemaker.processing_jobs.reverse()
    assert prepare("second")["preprocessing_job"]["job_name"] == "the-first-preprocess-0-0"
    s3.wait(3600)
    s3.purge(BUCKET, ARRAY.replace("runs/first", "runs/the-first"))
    s3.upload(BUCKET, ARRAY.replace("runs/first", "runs/the-first"), b"late")
    assert prepare("third")["preprocessing_job"]["job_name"] == "first-preprocess-0-0"


def test_a_later_run_that_fails_does_not_hide_the_result_of_an_earlier_one(prepare, trained):
    prepare("second", {"force": True})
    assert sources(prepare("third")) == {"Preprocess": FIRST, "Train": FIRST}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"runs": 3}',
        b'{"runs": [3, "../../other", null]}',
        b"\xff",
        b"{" * 9999,
    ],
)
def test_an_entry_that_cannot_be_read_is_none(prepare, trained, s3, content):
    for key in [key for key in s3.buckets[BUCKET] if key.startswith("steps/")]:
        s3.upload(BUCKET, key, content)
    state = prepare("second")
    assert why(state)["Preprocess"] == "not computed before"
    assert prepare("third")["outcome"] == "prepared"


def test_repeating_it_gives_the_same_state(prepare, trained, s3):
    assert prepare("second") == prepare("second")
    s3.upload(BUCKET, DATA, b"other images")
    assert prepare("third") == prepare("third")


def test_an_entry_keeps_the_newest_runs_only(prepare, s3):
    for number in range(5):
        prepare(f"run-{number}", {"force": True})
    entries = [v[-1] for key, v in s3.buckets[BUCKET].items() if key.startswith("steps/")]
    assert len(entries) == 2
    for entry in entries:
        assert json.loads(entry.content) == {"runs": ["run-4", "run-3", "run-2"]}


def test_all_files_are_read_at_once_and_nothing_is_listed_without_need(prepare, s3, sagemaker):
    prepare(FIRST)
    assert not sagemaker.called("ListProcessingJobs")
    assert len(FILES) == len(prepare("second")["dataset"]["objects"])
