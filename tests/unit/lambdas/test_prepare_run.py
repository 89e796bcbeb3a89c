import functools
import json
import re

import pytest

from lambdas.data_sets.data_sets import DataSets
from lambdas.errors import (
    CodeError,
    DataSetChangedError,
    ImageError,
    IncompleteDataSetError,
    InvalidInputError,
    NoCompleteDataSetError,
    ReproductionError,
    RunIdTakenError,
    ShardingError,
    ThrottlingError,
)
from lambdas.prepare_run import prepare_run
from lambdas.runs.code import CODE_FILES
from lambdas.runs.executions import execution_name, reproduction_name
from lambdas.runs.instances import JOBS
from tests.support.code import CODE_SHA256
from tests.unit.lambdas.conftest import BUCKET, FILES
from tests.unit.lambdas.originals import ORIGINAL, write_original

RUN = f"s3://{BUCKET}/runs/fashion-mnist-0123456789ab"
CPU_IMAGE, GPU_IMAGE = (
    f"123456789012.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.19-{kind}-py312"
    for kind in ("cpu", "gpu")
)
SERVING_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.19-cpu"
FIRST = "not computed before"
IMAGES = "raw_data/fashion-mnist/train-images-idx3-ubyte.gz"


@pytest.fixture
def prepare(s3, sagemaker, ecr, event):
    """Return a function that runs the handler on an execution input."""

    def run(execution_input=None, name=None, **changes):
        payload = event("prepare_run") | {"input": execution_input or {}} | changes
        if name is not None:
            payload["execution"]["arn"] = payload["execution"]["arn"].rsplit(":", 1)[0] + ":" + name
        return prepare_run(
            payload, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900
        )

    return run


@pytest.fixture
def current(s3):
    """Return a function that tells the fingerprint which "fashion-mnist" has now."""
    return lambda: DataSets(s3, BUCKET, "raw_data/", FILES).find("fashion-mnist").fingerprint


def test_the_state_of_an_execution_started_with_nothing(prepare, upload, event, ecr):
    upload("fashion-mnist")
    state = prepare()
    dataset = state.pop("dataset")
    token = state.pop("client_token")
    keys = {name: step["key"] for name, step in state["steps"].items()}
    assert state == {
        "outcome": "prepared",
        "run_id": "fashion-mnist-0123456789ab",
        "execution_arn": event("prepare_run")["execution"]["arn"],
        "preprocessing": {"validation_fraction": "0.2", "seed": "42"},
        "hyperparameters": {
            "epochs": "10",
            "batch-size": "64",
            "learning-rate": "0.001",
            "seed": "42",
        },
        "paths": {
            "run": RUN,
            "source_data": f"{RUN}/source_data",
            "preprocessing": f"{RUN}/preprocessing",
            "checkpoints": f"s3://{BUCKET}/checkpoints/fashion-mnist-0123456789ab",
            "training": f"{RUN}/training",
            "evaluation": f"{RUN}/evaluation",
            "champion": f"{RUN}/champion",
            "decision": f"{RUN}/decision.json",
            "report": f"{RUN}/report.html",
        },
        "instance_types": event("prepare_run")["defaults"]["instance_types"],
        "timeout_seconds": {"preprocessing": 5400, "training": 16200, "evaluation": 5400},
        "images": {
            **dict.fromkeys(JOBS, ecr.pinned(CPU_IMAGE)),
            "serving": ecr.pinned(SERVING_IMAGE),
        },
        "code": event("prepare_run")["defaults"]["code"],
        "model_package_group": "fashion-mnist",
        "champion": {"model_package_arn": None, "model_sha256": "none"},
        "reproduces": None,
        "steps": {
            "Preprocess": {"key": keys["Preprocess"], "reused_from": None, "why": FIRST},
            "Train": {"key": keys["Train"], "reused_from": None, "why": "Preprocess is computed"},
        },
        "experiment": {
            step: {
                "ExperimentName": "retrain-dev",
                "TrialName": "retrain-dev-fashion-mnist-0123456789ab",
                "TrialComponentDisplayName": step,
            }
            for step in ("preprocess", "train", "evaluate")
        },
    }
    assert re.fullmatch(r"[a-zA-Z0-9-]{36}", token)
    assert dataset["name"] == "fashion-mnist"
    assert dataset["s3_uri"] == f"{RUN}/source_data/{dataset['fingerprint']}/"
    assert dataset["uploaded_to"] == f"s3://{BUCKET}/raw_data/fashion-mnist/"
    assert dataset["sharding"] == event("prepare_run")["defaults"]["sharding"]
    assert len(dataset["objects"]) == 4
    assert dataset["objects"][0].keys() == {"key", "version_id", "etag", "size"}


def test_several_instances_get_a_copy_that_can_be_shared_out(s3, sagemaker, ecr, upload, event):
    upload("fashion-mnist")
    payload = event("prepare_run")
    payload["defaults"]["sharding"]["instance_count"] = 2
    dataset = prepare_run(
        payload, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900
    )["dataset"]
    folder = dataset["s3_uri"].removeprefix(f"s3://{BUCKET}/")
    copied = {key.removeprefix(folder) for key in s3.buckets[BUCKET] if key.startswith(folder)}
    assert copied == {f"{'replicated' if 'labels' in file else 'sharded'}/{file}" for file in FILES}


def test_more_instances_than_images_files_are_refused(s3, sagemaker, ecr, upload, event):
    upload("fashion-mnist")
    payload = event("prepare_run")
    payload["defaults"]["sharding"]["instance_count"] = 3
    with pytest.raises(ShardingError, match="found 2 to be shared out of 4 files"):
        prepare_run(
            payload, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900
        )


def test_the_input_overrides_the_defaults(prepare, upload):
    upload("fashion-mnist")
    upload("newer")
    state = prepare({"dataset": "fashion-mnist", "hyperparameters": {"epochs": 3}})
    assert state["dataset"]["name"] == "fashion-mnist"
    assert state["hyperparameters"]["epochs"] == "3"
    assert state["hyperparameters"]["batch-size"] == "64"


def test_a_job_on_another_type_of_instance_gets_the_image_that_is_built_for_it(
    prepare, upload, ecr
):
    upload("fashion-mnist")
    state = prepare({"instance_types": {"training": "ml.g5.xlarge", "evaluation": "ml.c5.xlarge"}})
    assert state["instance_types"] == {
        "preprocessing": "ml.m5.xlarge",
        "training": "ml.g5.xlarge",
        "evaluation": "ml.c5.xlarge",
    }
    images = (state["images"]["training"], state["images"]["evaluation"])
    assert images == (ecr.pinned(GPU_IMAGE), ecr.pinned(CPU_IMAGE))


def test_a_type_with_disks_of_its_own_is_refused_where_volumes_have_a_key(
    s3, sagemaker, ecr, upload, event
):
    upload("fashion-mnist")
    payload = event("prepare_run") | {"input": {"instance_types": {"training": "ml.g5.xlarge"}}}
    payload["defaults"]["volumes_have_key"] = True
    with pytest.raises(InvalidInputError, match=r"instance_types.training is ml.g5.xlarge"):
        prepare_run(
            payload, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900
        )


def test_a_reproduction_runs_on_the_instance_types_of_its_original(prepare, s3, ecr):
    write_original(s3, instance_types={"training": "ml.g5.xlarge"})
    state = prepare({"reproduce": ORIGINAL})
    assert state["instance_types"]["training"] == "ml.g5.xlarge"
    assert state["images"]["training"] == ecr.pinned(GPU_IMAGE)
    assert state["instance_types"]["evaluation"] == "ml.m5.xlarge"


def test_a_reproduction_runs_the_image_of_its_original_whatever_its_tag_names_now(
    prepare, upload, ecr, s3
):
    upload("fashion-mnist")
    first = prepare(name="first-0123456789ab")
    ecr.rebuild("2.19-cpu-py312")
    upload("fashion-mnist")
    second = prepare(name="second-0123456789ab")
    state = prepare({"reproduce": first["run_id"]}, name="again-0123456789ab")
    assert state["images"]["training"] == first["images"]["training"]
    assert second["images"]["training"] == ecr.pinned(CPU_IMAGE) != first["images"]["training"]
    plan = json.loads(s3.content(BUCKET, f"runs/{state['run_id']}/run.json"))
    assert plan["image_tags"]["training"] == CPU_IMAGE


def test_the_image_of_an_older_plan_is_what_its_tag_names_now(prepare, s3, ecr):
    older = CPU_IMAGE.replace("2.19", "2.18")
    write_original(s3, images=dict.fromkeys(JOBS, older))
    state = prepare({"reproduce": ORIGINAL})
    assert state["images"]["training"] == ecr.pinned(older)
    assert state["images"]["serving"] == ecr.pinned(SERVING_IMAGE)


def test_a_run_whose_image_is_gone_cannot_be_reproduced(prepare, s3, ecr):
    gone = ecr.pinned(CPU_IMAGE)
    write_original(s3, images=dict.fromkeys(JOBS, gone))
    ecr.remove(gone.rpartition("@")[2])
    with pytest.raises(
        ReproductionError, match=f"{ORIGINAL} cannot be reproduced: image .*@sha256"
    ):
        prepare({"reproduce": ORIGINAL})


def test_an_image_that_is_not_there_is_named_and_nothing_is_planned(prepare, upload, s3, ecr):
    upload("fashion-mnist")
    ecr.remove("2.19-cpu-py312")
    with pytest.raises(ImageError, match=r"tensorflow-training:2\.19-cpu-py312: ImageNotFound"):
        prepare()
    assert "runs/fashion-mnist-0123456789ab/run.json" not in s3.buckets[BUCKET]


def test_a_definition_that_names_the_serving_image_itself_needs_none(prepare, upload, event):
    """An execution that began before a deployment goes on with its own definition."""
    upload("fashion-mnist")
    defaults = event("prepare_run")["defaults"]
    del defaults["images"]["serving"]
    assert prepare(defaults=defaults)["images"].keys() == JOBS.keys()


@pytest.mark.parametrize("found", ["ml.c7g.xlarge", "nonsense", 3])
def test_a_type_that_its_original_cannot_have_run_on_is_refused(prepare, s3, found):
    write_original(s3, instance_types={"training": found})
    with pytest.raises(ReproductionError, match="cannot be reproduced"):
        prepare({"reproduce": ORIGINAL})


def test_the_plan_is_written_down(prepare, s3, upload):
    upload("fashion-mnist")
    given = {"requested_by": "grace", "reason": "new labels"}
    state = prepare(given)
    plan = json.loads(s3.content(BUCKET, "runs/fashion-mnist-0123456789ab/run.json"))
    assert state.pop("outcome") == "prepared"
    added = {"input": given, "started_at": "2026-02-07T11:42:29.102Z", "trigger": "console"}
    tags = {**dict.fromkeys(JOBS, CPU_IMAGE), "serving": SERVING_IMAGE}
    assert plan == state | given | added | {"image_tags": tags}


@pytest.mark.parametrize("trigger", ["upload", "start_retraining", "schedule", "alarm", "topic"])
def test_the_plan_says_by_which_way_in_the_run_came(prepare, s3, upload, trigger):
    upload("fashion-mnist")
    prepare({"trigger": trigger})
    plan = json.loads(s3.content(BUCKET, "runs/fashion-mnist-0123456789ab/run.json"))
    assert (plan["trigger"], plan["requested_by"], plan["reason"]) == (trigger, None, None)


def test_the_execution_enters_itself_in_the_ledger_once(prepare, s3, upload):
    upload("fashion-mnist")
    prepare()
    prepare()
    (entry,) = s3.buckets[BUCKET]["ledger/fashion-mnist-0123456789ab.json"]
    assert json.loads(entry.content)["input"] == {}


def test_the_champion_is_placed(prepare, s3, sagemaker, upload):
    upload("fashion-mnist")
    s3.upload(BUCKET, "runs/before/model.tar.gz", b"the model")
    arn = sagemaker.register("fashion-mnist", f"s3://{BUCKET}/runs/before/model.tar.gz")
    state = prepare()
    folder = "runs/fashion-mnist-0123456789ab/champion"
    assert state["champion"] == {"model_package_arn": arn, "model_sha256": "none"}
    assert s3.content(BUCKET, f"{folder}/model.tar.gz") == b"the model"
    assert json.loads(s3.content(BUCKET, f"{folder}/champion.json"))["model_package_arn"] == arn


def test_the_champion_folder_is_never_empty(prepare, s3, upload):
    upload("fashion-mnist")
    prepare()
    champion = s3.content(BUCKET, "runs/fashion-mnist-0123456789ab/champion/champion.json")
    assert json.loads(champion) == {"model_package_arn": None}


def test_repeating_it_gives_the_same_state(prepare, upload):
    upload("fashion-mnist")
    assert prepare() == prepare()


ANOTHER = "arn:aws:states:us-east-1:123456789012:execution:retrain-dev:somebody-else"


def versions_of(s3) -> dict[str, int]:
    return {key: len(versions) for key, versions in s3.buckets[BUCKET].items() if versions}


def test_the_folder_of_another_execution_is_left_alone(prepare, s3, upload):
    upload("fashion-mnist")
    key = f"runs/{prepare()['run_id']}/run.json"
    plan = json.loads(s3.content(BUCKET, key)) | {"execution_arn": ANOTHER}
    s3.upload(BUCKET, key, json.dumps(plan).encode())
    before = versions_of(s3)
    with pytest.raises(RunIdTakenError, match=f"{key}: found the plan of '{ANOTHER}'"):
        prepare()
    assert before == versions_of(s3)


def test_a_name_that_step_functions_gives_again_has_not_its_folder_again(
    event, s3, sagemaker, ecr, upload
):
    upload("fashion-mnist")
    payload = event("prepare_run")
    prepare_run(payload, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900)
    payload["execution"]["started_at"] = "2026-09-01T00:00:00.000Z"
    before = versions_of(s3)
    with pytest.raises(RunIdTakenError, match="started at"):
        prepare_run(
            payload, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900
        )
    assert before == versions_of(s3)


def test_a_plan_that_cannot_be_read_is_nobodys_to_replace(prepare, s3, upload):
    upload("fashion-mnist")
    key = f"runs/{prepare()['run_id']}/run.json"
    s3.upload(BUCKET, key, b"[]")
    with pytest.raises(RunIdTakenError, match="holds no JSON object"):
        prepare()


def test_of_two_executions_that_prepare_one_folder_at_once_one_fails(
    prepare, s3, sagemaker, upload
):
    upload("fashion-mnist")
    run = prepare()["run_id"]
    plan = json.loads(s3.content(BUCKET, f"runs/{run}/run.json")) | {"execution_arn": "another's"}
    s3.purge(BUCKET, f"runs/{run}/run.json")
    body = json.dumps(plan).encode()
    write = functools.partial(s3.upload, BUCKET, f"runs/{run}/run.json", body)
    sagemaker.just_before("ListModelPackages", write)
    with pytest.raises(RunIdTakenError, match="another's"):
        prepare()
    assert s3.content(BUCKET, f"runs/{run}/run.json") == body


def test_executions_do_not_share_a_client_token_or_a_folder(prepare, upload):
    upload("fashion-mnist")
    one, other = prepare(name="a_b"), prepare(name="a.b")
    assert one["client_token"] != other["client_token"]
    assert one["paths"]["run"] != other["paths"]["run"]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"epochs": 3}, InvalidInputError),
        ({"hyperparameters": {"epochs": "3"}}, InvalidInputError),
        ({"hyperparameters": {"momentum": 0.9}}, InvalidInputError),
        ({"dataset": "incomplete"}, IncompleteDataSetError),
        ({"dataset": "no such"}, IncompleteDataSetError),
    ],
)
def test_errors_write_nothing(prepare, s3, upload, given, error):
    upload("fashion-mnist")
    upload("incomplete", "train-images-idx3-ubyte.gz")
    with pytest.raises(error):
        prepare(given)
    assert not s3.called("PutObject")


@pytest.mark.parametrize("call", ["ListObjectsV2", "ListObjectVersions", "CopyObject", "PutObject"])
def test_throttling_has_the_name_that_the_state_machine_retries(prepare, s3, upload, call):
    upload("fashion-mnist")
    s3.refuse(call, "SlowDown", 503)
    with pytest.raises(ThrottlingError, match="SlowDown"):
        prepare()


@pytest.mark.parametrize("call", ["ListModelPackages", "CopyObject"])
def test_a_file_overwritten_meanwhile_is_not_in_the_run(prepare, s3, sagemaker, upload, call):
    upload("fashion-mnist")
    name = "raw_data/fashion-mnist/train-images-idx3-ubyte.gz"
    before = s3.content(BUCKET, name)
    fake = sagemaker if call == "ListModelPackages" else s3
    fake.just_before(call, lambda: s3.upload(BUCKET, name, b"overwritten"))
    dataset = prepare()["dataset"]
    copy = dataset["s3_uri"].removeprefix(f"s3://{BUCKET}/") + "train-images-idx3-ubyte.gz"
    assert s3.content(BUCKET, copy) == before
    (version,) = [o["version_id"] for o in dataset["objects"] if o["key"] == name]
    assert version == s3.buckets[BUCKET][name][0].version_id


def test_a_version_that_is_gone_is_a_changed_data_set(prepare, s3, upload):
    upload("fashion-mnist")
    s3.just_before("CopyObject", lambda: s3.purge(BUCKET, IMAGES))
    with pytest.raises(DataSetChangedError, match="is gone"):
        prepare()


@pytest.mark.parametrize("named", [{"dataset": "fashion-mnist"}, {}])
def test_files_overwritten_after_the_turn_lead_back_to_it(prepare, s3, upload, current, named):
    upload("fashion-mnist")
    fingerprint = current()
    s3.upload(BUCKET, IMAGES, b"overwritten")
    puts = len(s3.called("PutObject"))

    answer = prepare({**named, "fingerprint": fingerprint})

    assert answer["outcome"] == "outdated"
    assert fingerprint in answer["message"]
    assert current() in answer["message"]
    assert len(s3.called("PutObject")) == puts
    assert not s3.called("CopyObject")


@pytest.mark.parametrize("files", [FILES[:1], FILES])
def test_files_deleted_after_the_turn_lead_back_to_it(prepare, s3, upload, current, files):
    upload("fashion-mnist")
    fingerprint = current()
    for file in files:
        s3.delete(BUCKET, f"raw_data/fashion-mnist/{file}")
    answer = prepare({"dataset": "fashion-mnist", "fingerprint": fingerprint})
    assert answer["outcome"] == "outdated"
    assert not s3.called("PutObject")


def test_a_version_replaced_while_it_is_copied_leads_back_to_the_turn(prepare, s3, upload, current):
    upload("fashion-mnist")
    fingerprint = current()

    def replace():
        s3.purge(BUCKET, IMAGES)
        s3.upload(BUCKET, IMAGES, b"replaced")

    s3.just_before("CopyObject", replace)
    answer = prepare({"dataset": "fashion-mnist", "fingerprint": fingerprint})
    assert answer["outcome"] == "outdated"
    assert not [key for key in s3.buckets[BUCKET] if key.endswith("run.json")]


def test_a_copy_that_was_made_already_is_left_as_it_is(prepare, s3, upload, current):
    upload("fashion-mnist")
    asked = {"dataset": "fashion-mnist", "fingerprint": current()}
    copies = prepare(asked)["dataset"]["s3_uri"].removeprefix(f"s3://{BUCKET}/")
    before = {key: s3.content(BUCKET, key) for key in s3.buckets[BUCKET] if copies in key}
    s3.upload(BUCKET, IMAGES, b"overwritten")
    assert prepare(asked)["outcome"] == "outdated"
    assert len(before) == len(FILES)
    assert before == {key: s3.content(BUCKET, key) for key in s3.buckets[BUCKET] if copies in key}


def test_switches_are_passed_on_as_json(upload, event, s3, sagemaker, ecr):
    upload("fashion-mnist")
    payload = event("prepare_run")
    payload["defaults"]["hyperparameters"] = {"augment": True, "optimizer": "adam"}
    state = prepare_run(
        payload, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900
    )
    assert state["hyperparameters"] == {"augment": "true", "optimizer": "adam"}


def test_no_data_set(prepare):
    with pytest.raises(NoCompleteDataSetError):
        prepare()


def test_a_reproduction_has_the_inputs_of_its_original_and_no_champion(prepare, s3, sagemaker):
    original = write_original(s3)
    s3.upload(BUCKET, "runs/before/model.tar.gz", b"the model")
    sagemaker.register("fashion-mnist", f"s3://{BUCKET}/runs/before/model.tar.gz")

    state = prepare({"reproduce": ORIGINAL})

    for name in ("dataset", "preprocessing", "hyperparameters", "code"):
        assert state[name] == original[name]
    assert state["reproduces"] == ORIGINAL
    assert state["champion"] == {"model_package_arn": None, "model_sha256": "none"}
    assert (state["run_id"], state["paths"]["run"]) == ("fashion-mnist-0123456789ab", RUN)
    champion = s3.content(BUCKET, "runs/fashion-mnist-0123456789ab/champion/champion.json")
    assert json.loads(champion) == {"model_package_arn": None}
    plan = json.loads(s3.content(BUCKET, "runs/fashion-mnist-0123456789ab/run.json"))
    assert plan["reproduces"] == ORIGINAL
    assert not s3.called("CopyObject")


def test_a_reproduction_can_be_reproduced(prepare, s3):
    write_original(s3)
    again = prepare({"reproduce": ORIGINAL})
    other = prepare({"reproduce": again["run_id"]}, name="other")
    assert other["dataset"] == again["dataset"]
    assert other["reproduces"] == again["run_id"]


def test_a_reproduction_does_not_pass_for_the_run_of_its_data(prepare, s3):
    dataset = write_original(s3)["dataset"]
    name = reproduction_name(ORIGINAL, "request-1")
    prepare({"reproduce": ORIGINAL}, name=name)
    data = DataSets(s3, BUCKET, "raw_data/", FILES).find("digits")
    assert data.fingerprint == dataset["fingerprint"]
    entries = [key for key in s3.buckets[BUCKET] if key.startswith("ledger/")]
    assert entries == [f"ledger/{name}.json"]
    assert execution_name(data, {}) != name


def test_a_run_that_cannot_be_reproduced_is_not_planned(prepare, s3):
    with pytest.raises(ReproductionError, match=r"run\.json is missing"):
        prepare({"reproduce": ORIGINAL})
    assert not s3.called("PutObject")


@pytest.mark.parametrize("file", CODE_FILES)
def test_no_run_is_planned_with_code_that_was_put_in_its_place(prepare, upload, s3, file):
    upload("fashion-mnist")
    s3.upload(BUCKET, f"code/{CODE_SHA256}/{file}", b"other code")
    with pytest.raises(CodeError, match=f"expected {CODE_SHA256}: it was overwritten"):
        prepare()
    s3.delete(BUCKET, f"code/{CODE_SHA256}/{file}")
    with pytest.raises(CodeError, match=rf"{file}, its code, is gone.*retrain deploy"):
        prepare()
    assert "PutObject" not in {operation for operation, _ in s3.calls}


def test_a_text_that_looks_like_json_is_passed_on_as_json(upload, event, s3, sagemaker, ecr):
    upload("fashion-mnist")
    payload = event("prepare_run") | {"input": {"hyperparameters": {"tag": "1.10"}}}
    payload["defaults"]["hyperparameters"] = {"tag": "v1", "flag": "null"}
    state = prepare_run(
        payload, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900
    )
    assert state["hyperparameters"] == {"tag": '"1.10"', "flag": '"null"'}
