"""The roles of the state machine and of the SageMaker jobs.

The Lambdas' role is Chalice's work: .chalice/policy-<stage>.json.
"""

import json
from typing import TYPE_CHECKING, Any

from state_machine.names import LAMBDAS, Names

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

Statement = dict[str, Any]

# Whom a role trusts, by what the role is for.
SERVICES = {"states": "states.amazonaws.com", "jobs": "sagemaker.amazonaws.com"}
STATE_MACHINE_LAMBDAS = ("take_turn", "prepare_run", "check_metrics")

# What ml_scripts/tracking.py asks of SageMaker's MLflow, and nothing of its UI or registry:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemakerwithmlflow.html
MLFLOW_ACTIONS = [
    f"sagemaker-mlflow:{action}"
    for action in (
        "CreateExperiment",
        "CreateRun",
        "GetExperimentByName",
        "GetMetricHistory",
        "GetRun",
        "LogBatch",
        "LogParam",
        "SearchRuns",
        "SetTag",
        "UpdateRun",
    )
]


def ensure_roles(
    names: Names, model_package_group: str, iam: "IAMClient", tracking_uri: str = ""
) -> None:
    """Create or update both roles and their inline policies; repeatable."""
    policies = {
        "states": state_machine_policy(names, model_package_group),
        "jobs": jobs_policy(names, tracking_uri),
    }
    for purpose, policy in policies.items():
        _ensure_role(names.role(purpose), SERVICES[purpose], iam)
        iam.put_role_policy(
            RoleName=names.role(purpose), PolicyName=purpose, PolicyDocument=json.dumps(policy)
        )


def state_machine_policy(names: Names, model_package_group: str) -> dict[str, Any]:
    """What the states do. Step Functions' own list for `.sync` SageMaker jobs:

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
    """
    assert set(STATE_MACHINE_LAMBDAS) <= set(LAMBDAS)
    jobs = [_sagemaker(names, f"{kind}-job/*") for kind in ("training", "processing")]
    packages = [
        _sagemaker(names, f"model-package-group/{model_package_group}"),
        _sagemaker(names, f"model-package/{model_package_group}/*"),
    ]
    rules = [
        f"arn:{names.partition}:events:{names.region}:{names.account}:rule/"
        f"StepFunctionsGetEventsForSageMaker{kind}JobsRule"
        for kind in ("Training", "Processing")
    ]
    return _policy(
        _allow(["lambda:InvokeFunction"], [names.function_arn(f) for f in STATE_MACHINE_LAMBDAS]),
        _allow(
            [
                f"sagemaker:{verb}{kind}Job"
                for kind in ("Training", "Processing")
                for verb in ("Create", "Describe", "Stop")
            ]
            + ["sagemaker:AddTags", "sagemaker:ListTags"],
            jobs,
        ),
        _allow(["sagemaker:CreateModelPackage"], packages),
        _allow(
            ["iam:PassRole"],
            [names.role_arn("jobs")],
            {"StringEquals": {"iam:PassedToService": SERVICES["jobs"]}},
        ),
        _allow(["events:PutTargets", "events:PutRule", "events:DescribeRule"], rules),
    )


def jobs_policy(names: Names, tracking_uri: str = "") -> dict[str, Any]:
    """What the containers do: read data and code, write one run's results, log, count, track."""
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    logs = f"arn:{names.partition}:logs:{names.region}:{names.account}:log-group:/aws/sagemaker/*"
    return _policy(
        _allow(["s3:ListBucket"], [bucket]),
        _allow(
            ["s3:GetObject"], [f"{bucket}/{folder}/*" for folder in ("raw_data", "code", "runs")]
        ),
        _allow(["s3:PutObject", "s3:DeleteObject"], [f"{bucket}/runs/*"]),
        _allow(
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            [logs],
        ),
        # CloudWatch and the registry's token know no narrower resource.
        _allow(
            ["cloudwatch:PutMetricData"],
            ["*"],
            {"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
        ),
        _allow(["ecr:GetAuthorizationToken"], ["*"]),
        *_tracking(tracking_uri, bucket),
    )


def _tracking(uri: str, bucket: str) -> list[Statement]:
    """For MLflow by ARN: its actions, and the folder of the bucket that may be its artifact store.

    MLflow's client writes artifacts to S3 itself.
    """
    if not uri.startswith("arn:"):
        return []
    return [_allow(MLFLOW_ACTIONS, [uri]), _allow(["s3:PutObject"], [f"{bucket}/mlflow/*"])]


def _ensure_role(role: str, service: str, iam: "IAMClient") -> None:
    trust = _policy(
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    )
    try:
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    except iam.exceptions.EntityAlreadyExistsException:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))


def _sagemaker(names: Names, resource: str) -> str:
    return f"arn:{names.partition}:sagemaker:{names.region}:{names.account}:{resource}"


def _allow(
    actions: list[str], resources: list[str], condition: dict[str, Any] | None = None
) -> Statement:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})


def _policy(*statements: Statement) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
