"""What pipeline.toml, a stage, an input and a data set's name may say, AWS takes too.

Each case is drawn by rules wider than those of the product. What the product refuses is refused;
what it accepts is rendered, and every request is held against botocore's model of its call and
against the embedded AWS's table of the limits that no model has.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.data_sets.data_sets import name_problem
from lambdas.errors import InvalidInputError
from lambdas.report.metadata import description
from lambdas.runs import input as run_input
from lambdas.runs.hyperparameters import sent
from local_aws.events import schedules
from local_aws.requests.constraints import unknown_members, violations
from local_aws.requests.service_limits import broken, limit
from state_machine import config as configuration
from state_machine import stage_names
from state_machine.account import Account
from state_machine.artifacts import bundle
from state_machine.config import PipelineConfig
from state_machine.definition import workflow
from state_machine.definition.deployed import Deployed
from state_machine.deployment.functions import environment
from state_machine.deployment.resource import tag_list
from state_machine.deployment.roles import POLICY_NAME, documents
from state_machine.errors import ConfigError, StageNameError
from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import ANNOUNCEMENTS, FAILED_EVENTS, REQUESTS, Names
from tests.fuzz.cases import fuzzed_less
from tests.support.paths import PROJECT
from tests.unit.state_machine import rendering

CALLS = {
    "Preprocess": "sagemaker/CreateProcessingJob",
    "Train": "sagemaker/CreateTrainingJob",
    "Evaluate": "sagemaker/CreateProcessingJob",
    "RegisterModel": "sagemaker/CreateModelPackage",
}
RUN_ID = "x" * 40
SETTINGS = configuration.load(PROJECT / "pipeline.toml").model_dump(mode="json")
SETTINGS["account"] |= {"subnets": ["subnet-1"], "security_group_ids": ["sg-1", "sg-2"]}
CODE = bundle.pack([PROJECT / "ml_scripts"], "bucket")


@cache
def shape_of(call: str) -> Any:
    service, operation = call.split("/")
    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(operation).input_shape


def problems(call: str, request: dict[str, Any]) -> list[str]:
    """What AWS would refuse in the request: by the call's model, and by the table beside it."""
    shape = shape_of(call)
    over = [f"{each.member}: {each.said('...')}" for each, _ in broken(call, request)]
    return [f"{call}: {one}" for one in (*violations(shape, request), *over)] + [
        f"{call}: no member {one}" for one in unknown_members(shape, request)
    ]


def enumerated(*shapes: str) -> st.SearchStrategy[str]:
    model = botocore.session.get_session().get_service_model("sagemaker")
    known = sorted({name for shape in shapes for name in model.shape_for(shape).enum})
    return st.sampled_from([*known, "ml.m5.3xlarge", "ml.z9.large"])


JOB_TYPES = enumerated("TrainingInstanceType", "ProcessingInstanceType")
ENDPOINT_TYPES = enumerated("ProductionVariantInstanceType", "TransformInstanceType")
TEXTS = st.text(max_size=30) | st.text(alphabet="a😀ü𠀀\u200d", min_size=200, max_size=2600)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,62}", fullmatch=True) | st.just("sagemaker_program")
HYPERPARAMETERS = st.dictionaries(
    NAMES, st.booleans() | st.integers() | st.floats() | TEXTS, max_size=8
) | st.integers(90, 101).map(lambda count: {f"h{number}": 1 for number in range(count)})
FILES = st.lists(st.text(alphabet="ab.ü😀", min_size=1, max_size=99), min_size=1, max_size=4) | (
    st.integers(1, 100).map(lambda count: [f"train-{n:05}-images-idx3-ubyte" for n in range(count)])
)
FIELD = st.sampled_from(
    ["*", "?", "L", "LW", "0", "1", "5L", "3#2", "3#9", "MON-FRI", "*/75", "15W"]
)
CRONS = st.lists(FIELD | st.integers(0, 2200).map(str), min_size=6, max_size=6).map(
    lambda fields: f"cron({' '.join(fields)})"
)
URIS = st.integers(0, 300).map(lambda length: f"https://mlflow/{'p' * length}") | st.sampled_from(
    [
        "",
        "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-ABCDEF123456",
        f"sqlite:////{'ü😀' * 90}.db",
    ]
)
GROUPS = st.from_regex(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", fullmatch=True)
PATHS = st.from_regex(r"/([!-~]{1,80}/){0,2}", fullmatch=True) | st.sampled_from(
    ["/", "teams", f"/{'t' * 148}/", f"/{'t' * 149}/"]
)
TAG_TEXTS = st.text(max_size=40) | st.sampled_from(["aws:a", "Retrain-Code", "a\u00a0b", "k" * 129])
TAGS = st.dictionaries(TAG_TEXTS, TAG_TEXTS | st.just("v" * 257), max_size=4) | st.integers(
    47, 50
).map(lambda count: {f"key-{number}": "v" * 256 for number in range(count)})
BOUNDARIES = st.sampled_from(
    [
        "",
        "limits",
        "arn:aws:iam::aws:policy/PowerUserAccess",
        f"arn:aws:iam::123456789012:policy/{'p' * 2000}",
        f"arn:aws:iam::123456789012:policy/{'p' * 2020}",
    ]
)
SUBNETS = st.lists(
    st.from_regex(r"subnet-[0-9a-f]{1,30}", fullmatch=True) | st.sampled_from(["subnet", "sg-1"]),
    max_size=18,
    unique=True,
)
INDEXES = st.integers(0, 300).map(lambda length: f"https://pypi/{'p' * length}") | st.sampled_from(
    ["", "https://aws:token@pypi/", "pypi.org/simple"]
)
KEYS = st.sampled_from(
    [
        "",
        "alias/ours",
        f"arn:aws:kms:us-east-1:123456789012:key/{'k' * 216}",
        f"arn:aws:kms:us-east-1:123456789012:key/{'k' * 217}",
    ]
)
SECONDS = st.sampled_from([60, 3600, 432000, 2419200, 2419201, 200_000_000])
SECTIONS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "data": {"required_files": FILES},
    "schedule": {"enabled": st.just(True), "expression": CRONS},
    "preprocessing": {
        "instance_type": JOB_TYPES,
        "instance_count": st.integers(1, 101),
        "seed": st.integers(),
        "volume_size_gb": st.integers(1, 20000),
        "max_runtime_seconds": SECONDS,
    },
    "training": {
        "instance_type": JOB_TYPES,
        "instance_count": st.integers(1, 101),
        "use_spot": st.booleans(),
        "max_wait_seconds": SECONDS,
        "keep_alive_seconds": st.sampled_from([0, 600, 3601]),
        "hyperparameters": HYPERPARAMETERS,
    },
    "evaluation": {"instance_type": JOB_TYPES, "max_runtime_seconds": SECONDS},
    "tracking": {"mlflow_tracking_uri": URIS, "experiment": TEXTS},
    "account": {
        "role_path": PATHS,
        "tags": TAGS,
        "permissions_boundary": BOUNDARIES,
        "subnets": SUBNETS,
        "kms_key": KEYS,
        "pip_index_url": INDEXES,
    },
    "registry": {
        "model_package_group": GROUPS,
        "inference_instance_types": st.lists(ENDPOINT_TYPES, min_size=1, max_size=3),
    },
}


@st.composite
def configurations(draw: st.DrawFn) -> PipelineConfig:
    """The repository's own settings with some replaced, as far as they are accepted."""
    settings = json.loads(json.dumps(SETTINGS))
    for section, field in draw(
        st.lists(
            st.sampled_from([(one, field) for one in SECTIONS for field in SECTIONS[one]]),
            min_size=3,
            max_size=10,
        )
    ):
        before = settings[section].get(field)
        settings[section][field] = draw(SECTIONS[section][field])
        if not accepted(settings):
            settings[section][field] = before
    return PipelineConfig.model_validate(readable(settings))


def readable(settings: dict[str, Any]) -> dict[str, Any]:
    scripts = [Path(folder) for folder in settings["code"]["scripts"]]
    return {**settings, "code": {"scripts": scripts}}


def accepted(settings: dict[str, Any]) -> bool:
    try:
        PipelineConfig.model_validate(readable(settings))
    except ValueError:
        return False
    return True


STAGES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True) | st.sampled_from(
    ["Dev", "feature/x", "dev"]
)
REGIONS = st.sampled_from(["us-east-1", "ap-southeast-2", "eu-central-1"])
DATA_SETS = st.text(min_size=1, max_size=210) | st.just("😀" * 150)


def asked_for(config: PipelineConfig, drawn: st.DataObject) -> run_input.RunInput:
    """An execution's input: what is drawn of each field, as far as it is accepted."""
    types = st.dictionaries(st.sampled_from(["preprocessing", "training", "evaluation"]), JOB_TYPES)
    names = list(config.training.hyperparameters)[-2:]
    values = st.fixed_dictionaries(dict.fromkeys(names, st.integers() | st.floats() | TEXTS))
    given: dict[str, Any] = {}
    for field, strategy in {"instance_types": types, "hyperparameters": values}.items():
        more = given | {field: drawn.draw(strategy, label=field)}
        try:
            run_input.parse(more, config.training.hyperparameters, config.bounds)
        except InvalidInputError:
            continue
        given = more
    return run_input.parse(given, config.training.hyperparameters, config.bounds)


def state_of(config: PipelineConfig, data_set: str, asked: run_input.RunInput) -> dict[str, Any]:
    """A run's state as PrepareRun returns it."""
    values = {**config.training.hyperparameters, **asked.hyperparameters}
    types = {
        job: getattr(config, job).instance_type
        for job in ("preprocessing", "training", "evaluation")
    }
    state = json.loads(json.dumps(rendering.STATE))
    state["run_id"] = RUN_ID
    state["hyperparameters"] = {name: sent(value) for name, value in values.items()}
    state["preprocessing"]["seed"] = str(config.preprocessing.seed)
    state["instance_types"] = types | dict(asked.instance_types)
    state["dataset"]["name"] = data_set
    state["quality_gate"]["description"] = description(state)
    return state


def job_requests(machine: dict[str, Any], state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "STATE", state)
        return {name: rendering.fill_in(machine["States"][name]["Parameters"]) for name in CALLS}


def asked_of_roles(account: Account) -> dict[str, Any]:
    boundary = account.permissions_boundary
    return {
        "Path": account.role_path,
        "Tags": tag_list(account.tags),
        **({"PermissionsBoundary": boundary} if boundary else {}),
    }


def resource_requests(config: PipelineConfig, names: Names) -> list[tuple[str, dict[str, Any]]]:
    """What the deployment asks for that depends on settings and names."""
    tags = config.account.tags
    group = names.model_package_group(config.registry.model_package_group)
    made: list[tuple[str, dict[str, Any]]] = [
        ("s3/CreateBucket", {"Bucket": names.bucket}),
        (
            "sagemaker/CreateModelPackageGroup",
            {"ModelPackageGroupName": group, "Tags": tag_list(tags)},
        ),
        ("sqs/CreateQueue", {"QueueName": names.queue(FAILED_EVENTS), "tags": tags}),
        ("sagemaker/CreateExperiment", {"ExperimentName": names.prefix}),
        (
            "sagemaker/CreateTrial",
            {"ExperimentName": names.prefix, "TrialName": f"{names.prefix}-{RUN_ID}"},
        ),
        (
            "logs/CreateLogGroup",
            {
                "logGroupName": names.state_machine_log_group,
                **({"kmsKeyId": config.account.kms_key} if config.account.kms_key else {}),
            },
        ),
        *(("sns/CreateTopic", {"Name": names.topic(one)}) for one in (REQUESTS, ANNOUNCEMENTS)),
    ]
    for purpose, (trust, policy) in documents(config, names).items():
        role = {"RoleName": names.role(purpose)}
        given = asked_of_roles(config.account)
        put = {"PolicyName": POLICY_NAME, "PolicyDocument": json.dumps(policy)}
        made.append(
            ("iam/CreateRole", role | given | {"AssumeRolePolicyDocument": json.dumps(trust)})
        )
        made.append(("iam/PutRolePolicy", role | put))
    for each in LAMBDAS:
        function = {
            "FunctionName": names.function(each.name),
            "Role": names.role_arn(each.name),
            "Code": {"ZipFile": b""},
            "KMSKeyArn": config.account.kms_key,
            "Environment": {"Variables": environment(config, names)},
            "Tags": {**config.account.tags, "retrain-code": "", "aws-chalice": ""},
            "VpcConfig": {
                "SubnetIds": config.account.subnets,
                "SecurityGroupIds": config.account.security_group_ids,
            },
        }
        made.append(("lambda/CreateFunction", function))
        made.append(("logs/CreateLogGroup", {"logGroupName": names.function_log_group(each.name)}))
        rule = {"Name": names.rule(each.name), "ScheduleExpression": config.schedule.expression}
        made.append(("events/PutRule", rule))
    return made


@fuzzed_less
@given(
    config=configurations(),
    stage=STAGES,
    region=REGIONS,
    data_set=DATA_SETS,
    drawn=st.data(),
)
def test_what_is_accepted_is_taken_by_every_api(
    config: PipelineConfig, stage: str, region: str, data_set: str, drawn: st.DataObject
) -> None:
    path = config.account.role_path
    names = Names(config.name, stage, "123456789012", region, role_path=path)
    group = names.model_package_group(config.registry.model_package_group)
    try:
        stage_names.check(names, group)
        versions = {one.name: f"{names.function_arn(one.name)}:999999" for one in LAMBDAS}
        machine = workflow.as_dict(config, Deployed(names, CODE, versions))
    except (StageNameError, ConfigError):  # ConfigError: AWS has no image of it
        return
    asked = asked_for(config, drawn)
    assume(not name_problem(data_set))

    state = state_of(config, data_set, asked)
    requests = job_requests(machine, state)
    text = json.dumps(machine)
    create = {
        "name": names.state_machine,
        "definition": text,
        "roleArn": names.role_arn("states"),
        "tags": tag_list(config.account.tags, "key", "value"),
    }
    found = [
        *(one for name, request in requests.items() for one in problems(CALLS[name], request)),
        *(
            one
            for call, request in resource_requests(config, names)
            for one in problems(call, request)
        ),
        *problems("stepfunctions/CreateStateMachine", create),
    ]

    assert found == []
    assert all(
        limit("state").allows(each.get("Parameters", {})) for each in machine["States"].values()
    )
    schedules.parse(config.schedule.expression)
