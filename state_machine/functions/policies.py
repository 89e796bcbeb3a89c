"""What each Lambda may do beside writing its log, in statements of its role's policy.

Every action stands here because a run, a failure or a person needs it, and names the narrowest
resource that AWS knows for it; `*` stands only where AWS knows none:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from lambdas.data_sets.manifest import FILE_NAME as MANIFEST
from lambdas.reuse import results
from lambdas.runs import ledger, turns
from state_machine.functions.statements import Statement, allow
from state_machine.names import ANNOUNCEMENTS, DATASET_PREFIX, TASKS, Names

# What is put in the first minutes of a bucket's versioning may get no version id, we believe: it is
# read as the object that it is. AWS advises to wait for 15 minutes:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-versioning-examples.html
OF_UPLOADS = ["s3:GetObject", "s3:GetObjectVersion"]


def on_upload(names: Names, _group: str) -> list[Statement]:
    """Find the data set of what was uploaded, and start its execution."""
    return [*_find_data(names), *_start_once(names)]


def start_retraining(names: Names, _group: str) -> list[Statement]:
    """Find the data that is asked for, or what a run was made of, and start an execution."""
    bucket = names.bucket_arn
    return [*_find_data(names), *_start_once(names), _read_original(bucket)]


def take_turn(names: Names, _group: str) -> list[Statement]:
    """See whether another execution has its turn, and whether the data is still there.

    Where newer data has taken its place, see to it that they have an execution.
    """
    return [
        *_find_data(names),
        *_start_once(names),
        allow("SeeOthers", ["states:ListExecutions"], [names.state_machine_arn]),
        allow(
            "TakeTurns",
            ["s3:GetObject", "s3:PutObject"],
            [f"{names.bucket_arn}/{turns.PREFIX}*"],
        ),
    ]


def prepare_run(names: Names, group: str) -> list[Statement]:
    """Lay out the run: the plan, the data, the champion, and what earlier runs have computed."""
    bucket = names.bucket_arn
    return [
        *_list_data(bucket),
        allow("ReadUploads", OF_UPLOADS, [f"{bucket}/{DATASET_PREFIX}*"]),
        _read_original(bucket),
        # The champion's model, which may be of any run.
        allow("ReadModels", ["s3:GetObject"], [f"{bucket}/runs/*/model.tar.gz"]),
        allow(
            "LayOutTheRun",
            ["s3:PutObject"],
            [f"{bucket}/runs/*/{part}" for part in ("run.json", "source_data/*", "champion/*")],
        ),
        *_go_on_copying(bucket),
        _ledger(bucket),
        _find_champion(names, group),
        allow("EnterSteps", ["s3:GetObject", "s3:PutObject"], [f"{bucket}/{results.PREFIX}*"]),
        # What an earlier run has computed; AWS knows no resource for a list of jobs.
        allow("ListJobs", [f"sagemaker:List{kind}Jobs" for kind in TASKS], ["*"]),
        allow(
            "SeeJobs",
            [f"sagemaker:Describe{kind}Job" for kind in TASKS],
            [names.arn("sagemaker", f"{kind.lower()}-job/*") for kind in TASKS],
        ),
        allow("RecordTheRun", ["sagemaker:CreateExperiment", "sagemaker:CreateTrial"], made(names)),
    ]


def made(names: Names) -> list[str]:
    """The experiment of all runs and the trial of each, which PrepareRun makes."""
    return [
        names.arn("sagemaker", f"experiment/{names.prefix}"),
        names.arn("sagemaker", f"experiment-trial/{names.prefix}-*"),
    ]


def resolve_images(repositories: list[str]) -> Statement:
    """Ask which digests the tags of the run's images name, in AWS's own repositories too."""
    return allow("ResolveImages", ["ecr:BatchGetImage"], repositories)


def use_key(key: str) -> Statement:
    """Let the function read and write what is encrypted with the account's key.

    That is the bucket's objects, its own variables, and messages to topic and queue:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    return allow("UseTheKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key])


def join_network() -> Statement:
    """Let Lambda connect the function to the account's subnets; AWS knows no narrower resource.

    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html
    """
    actions = (
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "AssignPrivateIpAddresses",
        "UnassignPrivateIpAddresses",
    )
    return allow("JoinTheNetwork", [f"ec2:{action}" for action in actions], ["*"])


def _go_on_copying(bucket: str) -> list[Statement]:
    """Find the parts of large objects that a call before this one has copied."""
    return [
        allow("FindUploads", ["s3:ListBucketMultipartUploads"], [bucket]),
        allow("FindParts", ["s3:ListMultipartUploadParts"], [f"{bucket}/runs/*/source_data/*"]),
    ]


def check_metrics(names: Names, _group: str) -> list[Statement]:
    """Read what the evaluation left, and write the decision."""
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
        _write_decision(bucket),
    ]


def approve_model(names: Names, group: str) -> list[Statement]:
    """See who the champion is, approve a version, and write the decision again if it changed."""
    bucket = names.bucket_arn
    return [
        _find_champion(names, group),
        allow("ApproveModels", ["sagemaker:UpdateModelPackage"], [_packages(names, group)]),
        _list(bucket),
        allow(
            "ReadTheReport",
            ["s3:GetObject"],
            [f"{bucket}/runs/*/run.json", f"{bucket}/runs/*/evaluation/report.html"],
        ),
        _write_decision(bucket),
    ]


def announce(names: Names, _group: str) -> list[Statement]:
    """Look up why an execution ended, and publish it."""
    return [
        allow(
            "SeeTheExecution",
            ["states:DescribeExecution", "states:GetExecutionHistory"],
            [names.execution_arn("*")],
        ),
        _publish(names),
    ]


def announce_approval(names: Names, _group: str) -> list[Statement]:
    """Publish the new status of a model, with the report of its run."""
    bucket = names.bucket_arn
    return [
        _publish(names),
        allow("FindTheReport", ["s3:GetObject"], [f"{bucket}/runs/*/run.json"]),
    ]


def _find_champion(names: Names, group: str) -> Statement:
    actions = ["sagemaker:ListModelPackages", "sagemaker:DescribeModelPackage"]
    return allow("FindTheChampion", actions, [_packages(names, group)])


def _packages(names: Names, group: str) -> str:
    return names.arn("sagemaker", f"model-package/{group}/*")


def _write_decision(bucket: str) -> Statement:
    files = [f"{bucket}/runs/*/decision.json", f"{bucket}/runs/*/report.html"]
    return allow("WriteTheDecision", ["s3:PutObject"], files)


def _find_data(names: Names) -> list[Statement]:
    """List data sets and read their manifests."""
    manifests = f"{names.bucket_arn}/{DATASET_PREFIX}*/{MANIFEST}"
    return [
        *_list_data(names.bucket_arn),
        allow("ReadManifests", OF_UPLOADS, [manifests]),
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
    return allow("Announce", ["sns:Publish"], [names.topic_arn(ANNOUNCEMENTS)])
