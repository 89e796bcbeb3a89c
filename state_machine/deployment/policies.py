"""What each role may do: one policy for the state machine, one for the jobs, one for each Lambda.

Every action stands here because a run, a failure or a person needs it, and names the narrowest
resource that AWS knows for it; `*` stands only where AWS knows none:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from typing import Any

from lambdas.data_sets.manifest import FILE_NAME as MANIFEST
from lambdas.reuse import results
from lambdas.runs import ledger
from state_machine.names import DATASET_PREFIX, LAMBDAS, SCHEDULED_LAMBDA, Names

Statement = dict[str, Any]
Policy = dict[str, Any]

STATE_MACHINE_LAMBDAS = ("take_turn", "prepare_run", "check_metrics")
# Those that S3, SNS or EventBridge invoke, and the one that people may invoke so.
ASYNCHRONOUS = (
    "on_upload",
    "on_request",
    "start_retraining",
    "announce",
    "announce_approval",
    SCHEDULED_LAMBDA,
)
TASKS = ("Training", "Processing")

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


def allow(
    sid: str,
    actions: list[str],
    resources: list[str],
    condition: dict[str, Any] | None = None,
) -> Statement:
    """Return a statement; `sid` says in one word what it is for."""
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | ({"Condition": condition} if condition else {})


def policy(*statements: Statement) -> Policy:
    """Return a policy document of the statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str, condition: dict[str, Any] | None = None) -> Policy:
    """Return the trust policy of a role that `service` assumes."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return policy(statement | ({"Condition": condition} if condition else {}))


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


def state_machine_policy(names: Names, model_package_group: str) -> Policy:
    """What the states do. Step Functions' own list for `.sync` SageMaker jobs:

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
    """
    assert set(STATE_MACHINE_LAMBDAS) <= set(LAMBDAS)
    jobs = [names.arn("sagemaker", f"{kind.lower()}-job/*") for kind in TASKS]
    verbs = ("Create", "Describe", "Stop")
    job_actions = [f"sagemaker:{verb}{kind}Job" for kind in TASKS for verb in verbs]
    functions = [names.function_arn(function) for function in STATE_MACHINE_LAMBDAS]
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
        allow(
            "GiveJobsTheirRole",
            ["iam:PassRole"],
            [names.role_arn("jobs")],
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
    )


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


def jobs_policy(names: Names, image_repository_arn: str, tracking_uri: str = "") -> Policy:
    """What the containers do: read data and code, write one run's results, log, count, track.

    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
    """
    bucket = names.bucket_arn
    groups = [names.log_group_arn(f"/aws/sagemaker/{kind}Jobs") for kind in TASKS]
    return policy(
        allow("ListInputs", ["s3:ListBucket"], [bucket]),
        allow("ReadCodeAndRuns", ["s3:GetObject"], [f"{bucket}/code/*", f"{bucket}/runs/*"]),
        allow("WriteRuns", ["s3:PutObject"], [f"{bucket}/runs/*"]),
        allow("DropOldCheckpoints", ["s3:DeleteObject"], [f"{bucket}/runs/*/checkpoints/*"]),
        # AWS names a log group so, with an empty stream behind it, when it asks for these rights.
        allow(
            "MakeLogGroups",
            ["logs:CreateLogGroup", "logs:DescribeLogStreams"],
            [f"{group}:*" for group in groups],
        ),
        allow(
            "WriteLogs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [f"{group}:log-stream:*" for group in groups],
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
        *_tracking(tracking_uri, bucket),
    )


def _tracking(uri: str, bucket: str) -> list[Statement]:
    """For MLflow by ARN: its actions, and the folder of the bucket that may be its artifact store.

    MLflow's client writes artifacts to S3 itself.
    """
    if not uri.startswith("arn:"):
        return []
    return [
        allow("Track", MLFLOW_ACTIONS, [uri]),
        allow("KeepTrackedFiles", ["s3:PutObject"], [f"{bucket}/mlflow/*"]),
    ]


def function_policy(function: str, names: Names, model_package_group: str) -> Policy:
    """What one Lambda does, its log and its failed events included."""
    statements = _FUNCTIONS[function](names, model_package_group)
    log_streams = f"{names.log_group_arn(names.function_log_group(function))}:log-stream:*"
    log = allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [log_streams])
    if function in ASYNCHRONOUS:
        queue = names.queue_arn("failed-events")
        statements = [*statements, allow("KeepFailedEvents", ["sqs:SendMessage"], [queue])]
    return policy(*statements, log)


def _on_upload(names: Names, _group: str) -> list[Statement]:
    return [*_find_data(names), *_start_once(names)]


def _start_retraining(names: Names, _group: str) -> list[Statement]:
    bucket = names.bucket_arn
    return [*_find_data(names), *_start_once(names), _read_original(bucket)]


def _take_turn(names: Names, _group: str) -> list[Statement]:
    return [
        *_find_data(names),
        allow("SeeOthers", ["states:ListExecutions"], [names.state_machine_arn]),
    ]


def _prepare_run(names: Names, group: str) -> list[Statement]:
    bucket = names.bucket_arn
    packages = [names.arn("sagemaker", f"model-package/{group}/*")]
    return [
        *_list_data(bucket),
        allow("ReadUploads", ["s3:GetObjectVersion"], [f"{bucket}/{DATASET_PREFIX}*"]),
        _read_original(bucket),
        # The champion's model, which may be of any run.
        allow("ReadModels", ["s3:GetObject"], [f"{bucket}/runs/*/model.tar.gz"]),
        allow(
            "LayOutTheRun",
            ["s3:PutObject"],
            [f"{bucket}/runs/*/{part}" for part in ("run.json", "source_data/*", "champion/*")],
        ),
        _ledger(bucket),
        allow(
            "FindTheChampion",
            ["sagemaker:ListModelPackages", "sagemaker:DescribeModelPackage"],
            packages,
        ),
        allow("EnterSteps", ["s3:GetObject", "s3:PutObject"], [f"{bucket}/{results.PREFIX}*"]),
        # What an earlier run has computed; AWS knows no resource for a list of jobs.
        allow("ListJobs", [f"sagemaker:List{kind}Jobs" for kind in TASKS], ["*"]),
        allow(
            "SeeJobs",
            [f"sagemaker:Describe{kind}Job" for kind in TASKS],
            [names.arn("sagemaker", f"{kind.lower()}-job/*") for kind in TASKS],
        ),
        allow(
            "RecordTheRun",
            ["sagemaker:CreateExperiment", "sagemaker:CreateTrial"],
            [
                names.arn("sagemaker", f"experiment/{names.prefix}"),
                names.arn("sagemaker", f"experiment-trial/{names.prefix}-*"),
            ],
        ),
    ]


def _check_metrics(names: Names, _group: str) -> list[Statement]:
    bucket = names.bucket_arn
    return [
        _list(bucket),
        allow(
            "ReadTheEvaluation",
            ["s3:GetObject"],
            [
                f"{bucket}/runs/*/run.json",
                f"{bucket}/runs/*/evaluation/evaluation.json",
                f"{bucket}/runs/*/evaluation/report.html",
            ],
        ),
        allow(
            "WriteTheDecision",
            ["s3:PutObject"],
            [f"{bucket}/runs/*/decision.json", f"{bucket}/runs/*/report.html"],
        ),
    ]


def _announce(names: Names, _group: str) -> list[Statement]:
    return [
        allow(
            "SeeTheExecution",
            ["states:DescribeExecution", "states:GetExecutionHistory"],
            [names.execution_arn("*")],
        ),
        _publish(names),
    ]


def _announce_approval(names: Names, _group: str) -> list[Statement]:
    bucket = names.bucket_arn
    return [
        _publish(names),
        allow("FindTheReport", ["s3:GetObject"], [f"{bucket}/runs/*/run.json"]),
    ]


def _find_data(names: Names) -> list[Statement]:
    """List data sets and read their manifests."""
    manifests = f"{names.bucket_arn}/{DATASET_PREFIX}*/{MANIFEST}"
    return [
        *_list_data(names.bucket_arn),
        allow("ReadManifests", ["s3:GetObjectVersion"], [manifests]),
    ]


def _list_data(bucket: str) -> list[Statement]:
    return [_list(bucket), allow("ListVersions", ["s3:ListBucketVersions"], [bucket])]


def _start_once(names: Names) -> list[Statement]:
    return [
        _ledger(names.bucket_arn),
        allow("StartExecutions", ["states:StartExecution"], [names.state_machine_arn]),
        allow("SeeExecutions", ["states:DescribeExecution"], [names.execution_arn("*")]),
    ]


def _list(bucket: str) -> Statement:
    """Who may not list hears 403 of an object that is missing, in the place of 404.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    return allow("List", ["s3:ListBucket"], [bucket])


def _ledger(bucket: str) -> Statement:
    entries = f"{bucket}/{ledger.PREFIX}*"
    return allow("KeepTheLedger", ["s3:GetObject", "s3:PutObject"], [entries])


def _read_original(bucket: str) -> Statement:
    """What a run that is to be reproduced was made of."""
    parts = ("runs/*/run.json", "runs/*/source_data/*", "code/*")
    return allow("ReadOriginals", ["s3:GetObject"], [f"{bucket}/{part}" for part in parts])


def _publish(names: Names) -> Statement:
    return allow("Announce", ["sns:Publish"], [names.topic_arn("announcements")])


_FUNCTIONS = {
    "on_upload": _on_upload,
    "on_request": _start_retraining,
    "start_retraining": _start_retraining,
    SCHEDULED_LAMBDA: _on_upload,
    "take_turn": _take_turn,
    "prepare_run": _prepare_run,
    "check_metrics": _check_metrics,
    "announce": _announce,
    "announce_approval": _announce_approval,
}
