"""What the roles of the state machine and of the jobs may do; the Lambdas' are in `functions`.

Every action stands here because a run, a failure or a person needs it, and names the narrowest
resource that AWS knows for it; `*` stands only where AWS knows none:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Sequence

from lambdas.runs.plan import CHECKPOINTS, FOLDERS
from state_machine.account import NO_RULES, Account
from state_machine.functions.catalogue import LAMBDAS
from state_machine.functions.statements import Policy, Statement, allow, deny, policy, trust
from state_machine.names import JOB_ROLES, TASKS, Names

# What ml_scripts/job/tracking.py asks of SageMaker's MLflow, and nothing of its UI or registry:
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
# Of an MLflow app SageMaker asks for this beside them; people report that either alone is refused:
# https://github.com/aws/sagemaker-mlflow/issues/11
MLFLOW_APP_ACTION = "sagemaker:CallMlflowAppApi"


def state_machine_trust(names: Names) -> Policy:
    """Step Functions assumes the role for this one state machine only.

    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    """
    return trust(
        "states.amazonaws.com",
        {
            "StringEquals": {"aws:SourceAccount": names.account},
            "ArnEquals": {"aws:SourceArn": names.state_machine_arn},
        },
    )


def jobs_trust(names: Names) -> Policy:
    """SageMaker assumes the role for resources of this account and region only.

    https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
    """
    return trust(
        "sagemaker.amazonaws.com",
        {
            "StringEquals": {"aws:SourceAccount": names.account},
            "ArnLike": {"aws:SourceArn": names.arn("sagemaker", "*")},
        },
    )


def function_trust() -> Policy:
    """Lambda assumes the role of a function."""
    return trust("lambda.amazonaws.com")


def state_machine_policy(
    names: Names,
    model_package_group: str,
    serving_repository_arn: str,
    account: Account = NO_RULES,
) -> Policy:
    """What the states do. Step Functions' own list for `.sync` SageMaker jobs:

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
    """
    jobs = [names.arn("sagemaker", f"{kind.lower()}-job/*") for kind in TASKS]
    verbs = ("Create", "Describe", "Stop")
    job_actions = [f"sagemaker:{verb}{kind}Job" for kind in TASKS for verb in verbs]
    functions = [names.function_arn(each.name) for each in LAMBDAS if each.by_state_machine]
    # A definition names versions; that of an execution which began before there were any does not.
    functions += [f"{arn}:*" for arn in functions]
    return policy(
        allow("RunLambdas", ["lambda:InvokeFunction"], functions),
        allow("RunJobs", [*job_actions, "sagemaker:AddTags", "sagemaker:ListTags"], jobs),
        allow(
            "RegisterModels",
            ["sagemaker:CreateModelPackage"],
            [
                names.arn("sagemaker", f"model-package-group/{model_package_group}"),
                names.arn("sagemaker", f"model-package/{model_package_group}/*"),
            ],
        ),
        *_look_at_the_model(names.bucket_arn, serving_repository_arn),
        allow(
            "GiveJobsTheirRoles",
            ["iam:PassRole"],
            [names.role_arn(purpose) for purpose in JOB_ROLES],
            {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
        allow(
            "HearOfJobs",
            ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            [
                names.arn("events", f"rule/StepFunctionsGetEventsForSageMaker{kind}JobsRule")
                for kind in TASKS
            ],
        ),
        *_observation(),
        *_key_of_states(account),
    )


def _key_of_states(account: Account) -> list[Statement]:
    """Let SageMaker encrypt the volumes of the jobs that it is asked for, and see the model.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
    """
    key = account.kms_key
    return [_grant_key(key), allow("SeeTheModel", ["kms:Decrypt"], [key])] if key else []


def _look_at_the_model(bucket: str, serving_repository_arn: str) -> list[Statement]:
    """Let CreateModelPackage look up the digest of the image and the ETag of the model.

    It is not documented whose rights the registry uses for that. AWS's managed policy for the
    registry has these beside CreateModelPackage:
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSageMakerModelRegistryFullAccess.html
    """
    image = ["ecr:BatchGetImage", "ecr:DescribeImages"]
    return [
        allow("LookAtTheImage", image, [serving_repository_arn]),
        # A run that reuses a training registers the model of an earlier run.
        allow("LookAtTheModel", ["s3:GetObject"], [f"{bucket}/runs/*/model.tar.gz"]),
    ]


def _observation() -> list[Statement]:
    """Logging and tracing of the state machine; AWS knows no narrower resource for either.

    https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html
    """
    log_delivery = [
        f"logs:{action}"
        for action in (
            "CreateLogDelivery",
            "GetLogDelivery",
            "UpdateLogDelivery",
            "DeleteLogDelivery",
            "ListLogDeliveries",
            "PutResourcePolicy",
            "DescribeResourcePolicies",
            "DescribeLogGroups",
        )
    ]
    tracing = [
        f"xray:{action}"
        for action in (
            "PutTraceSegments",
            "PutTelemetryRecords",
            "GetSamplingRules",
            "GetSamplingTargets",
        )
    ]
    return [allow("DeliverLogs", log_delivery, ["*"]), allow("Trace", tracing, ["*"])]


def job_policies(
    names: Names, image_repository_arn: str, tracking_uri: str, account: Account = NO_RULES
) -> dict[str, Policy]:
    """Return what the containers of each job may do, by the purpose of its role.

    A job reads what its step takes and writes what its step makes, and no plan, no decision and no
    report. Which run it is of cannot be said: SageMaker's session of a role names no job.
    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
    """
    bucket = names.bucket_arn
    return {
        "preprocess": policy(
            _read(bucket, "source_data/*"),
            *_write(bucket, "preprocessing"),
            *_container(names, "Processing", image_repository_arn),
            *_of_account(account),
        ),
        "train": policy(
            _read(bucket, "preprocessing/*", also=_checkpoints(bucket)),
            *_write(bucket, "training", also=_checkpoints(bucket)),
            allow("DropOldCheckpoints", ["s3:DeleteObject"], _checkpoints(bucket)),
            *_container(names, "Training", image_repository_arn),
            *_tracking(tracking_uri, bucket),
            *_of_account(account),
        ),
        "evaluate": policy(
            _read(bucket, "preprocessing/*", "training/*", "champion/*"),
            *_write(bucket, "evaluation"),
            *_container(names, "Processing", image_repository_arn),
            *_tracking(tracking_uri, bucket),
            *_of_account(account),
        ),
    }


def _checkpoints(bucket: str) -> list[str]:
    """Where trainings have their checkpoints; executions of before, in the folder of their run."""
    return [f"{bucket}/{CHECKPOINTS}*", f"{bucket}/runs/*/checkpoints/*"]


def _read(bucket: str, *parts: str, also: Sequence[str] = ()) -> Statement:
    of_runs = [f"{bucket}/runs/*/{part}" for part in parts]
    return allow("ReadCodeAndInputs", ["s3:GetObject"], [f"{bucket}/code/*", *of_runs, *also])


def _write(bucket: str, *folders: str, also: Sequence[str] = ()) -> list[Statement]:
    """Allow a step's own folders of runs, and no other step's.

    "*" stands for slashes too: runs/*/training/* is also runs/RUN/champion/training/model.tar.gz.
    """
    others = [folder for folder in FOLDERS if folder not in folders]
    put = ["s3:PutObject"]
    return [
        allow("WriteOutputs", put, [*(f"{bucket}/runs/*/{folder}/*" for folder in folders), *also]),
        deny("WriteNoOthersFiles", put, [f"{bucket}/runs/*/{folder}/*" for folder in others]),
    ]


def _container(names: Names, kind: str, image_repository_arn: str) -> list[Statement]:
    """What every job of a kind does: list its inputs, log, pull its image, count."""
    group = names.log_group_arn(f"/aws/sagemaker/{kind}Jobs")
    return [
        allow("ListInputs", ["s3:ListBucket"], [names.bucket_arn]),
        # AWS names a log group so, with an empty stream behind it, when it asks for these rights.
        allow("MakeLogGroups", ["logs:CreateLogGroup", "logs:DescribeLogStreams"], [f"{group}:*"]),
        allow(
            "WriteLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"{group}:log-stream:*"],
        ),
        allow(
            "PullTheImage",
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [image_repository_arn],
        ),
        # CloudWatch and the registry's token know no narrower resource.
        allow("PullImages", ["ecr:GetAuthorizationToken"], ["*"]),
        allow(
            "CountMetrics",
            ["cloudwatch:PutMetricData"],
            ["*"],
            {"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
        ),
    ]


def _of_account(account: Account) -> list[Statement]:
    return [*_network(account), *_key(account)]


def _key(account: Account) -> list[Statement]:
    """Let a job read and write the encrypted bucket, and SageMaker encrypt the job's volume.

    AWS's own list for jobs with keys:
    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms
    """
    key = account.kms_key
    if not key:
        return []
    return [
        allow("UseTheKey", ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], [key]),
        _grant_key(key),
    ]


def _grant_key(key: str) -> Statement:
    """https://docs.aws.amazon.com/kms/latest/developerguide/grants.html"""
    return allow("GrantTheKey", ["kms:CreateGrant", "kms:DescribeKey"], [key])


def _network(account: Account) -> list[Statement]:
    """Let SageMaker connect a job's containers to the account's subnets.

    AWS's own list for jobs in a VPC, which has no narrower resource:
    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms
    """
    actions = (
        "CreateNetworkInterface",
        "CreateNetworkInterfacePermission",
        "DeleteNetworkInterface",
        "DeleteNetworkInterfacePermission",
        "DescribeNetworkInterfaces",
        "DescribeVpcs",
        "DescribeDhcpOptions",
        "DescribeSubnets",
        "DescribeSecurityGroups",
    )
    joined = allow("JoinTheNetwork", [f"ec2:{action}" for action in actions], ["*"])
    return [joined] if account.subnets else []


def _tracking(uri: str, bucket: str) -> list[Statement]:
    """For MLflow by ARN: its actions, and the folder of the bucket that may be its artifact store.

    MLflow's client writes artifacts to S3 itself.
    """
    if not uri.startswith("arn:"):
        return []
    of_an_app = [MLFLOW_APP_ACTION] if ":mlflow-app/" in uri else []
    return [
        allow("Track", [*MLFLOW_ACTIONS, *of_an_app], [uri]),
        allow("KeepTrackedFiles", ["s3:PutObject"], [f"{bucket}/mlflow/*"]),
    ]
