"""One thing in every service that moto has, made by requests that the services' models suggest."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.backends import list_of_moto_modules

from local_aws.client import EmbeddedAws
from tests.functional.conftest import zipped
from tests.functional.local_aws.state.minimal_requests import minimal_request
from tests.support.roles import allow, make_role

# Modules of moto's that are no service of boto3's, or another form of one.
NO_SERVICE = {
    *("awslambda_simple", "batch_simple", "core", "dynamodb_v20111205", "instance_metadata"),
    *("moto_api", "moto_proxy", "moto_server", "s3bucket_path", "utilities"),
}
NOTHING_IS_MADE = {
    # They keep nothing of their own: what they are asked about is made in another service.
    *("apigatewaymanagementapi", "bedrock-runtime", "dynamodbstreams", "ec2-instance-connect"),
    *("kinesis-video-archived-media", "meteringmarketplace", "rds-data", "redshift-data"),
    *("bedrock-agentcore", "sagemaker-runtime", "service-quotas"),
    "ds",  # asks for a network
    "sdb",  # its key stands in the body, where the door does not look: docs/embedded-aws.md
    "s3control",  # boto3 puts the account before the host, which is an address here
}
_NAMES = {"awslambda": "lambda"}  # others are boto3's without the hyphens
_MAKING = (
    *("Create", "Put", "Register", "Allocate", "Import", "Request", "Add", "Enable", "Start"),
    *("Run", "Send", "Set", "Update"),
)
_TRIED, _ENOUGH = 25, 2
_READING = re.compile(r"(Describe|List|Get)[A-Z]")
_CONFIG = Config(retries={"max_attempts": 0}, read_timeout=20, inject_host_prefix=False)

# What the models do not tell of a request that moto takes.
_TRUSTS_CODEPIPELINE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "codepipeline.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
_ROLE = "arn:aws:iam::123456789012:role/kept"
_GIVEN: dict[str, tuple[str, dict[str, Any]]] = {
    "budgets": (
        "CreateBudget",
        {
            "AccountId": "123456789012",
            "Budget": {
                "BudgetName": "kept",
                "TimeUnit": "DAILY",
                "BudgetType": "COST",
                "BudgetLimit": {"Amount": "1", "Unit": "USD"},
            },
        },
    ),
    "codebuild": (
        "CreateProject",
        {
            "name": "kept",
            "source": {"type": "S3", "location": "kept/kept"},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "serviceRole": _ROLE,
        },
    ),
    "codepipeline": (
        "CreatePipeline",
        {
            "pipeline": {
                "name": "kept",
                "roleArn": "arn:aws:iam::123456789012:role/codepipeline",
                "artifactStore": {"type": "S3", "location": "kept"},
                "stages": [
                    {
                        "name": name,
                        "actions": [
                            {
                                "name": name,
                                "actionTypeId": {
                                    "category": category,
                                    "owner": "AWS",
                                    "provider": "S3",
                                    "version": "1",
                                },
                                "configuration": {"S3Bucket": "kept", "S3ObjectKey": "kept"},
                            }
                        ],
                    }
                    for name, category in (("first", "Source"), ("second", "Build"))
                ],
            }
        },
    ),
    "emr-containers": (
        "CreateVirtualCluster",
        {
            "containerProvider": {
                "type": "EKS",
                "id": "kept",
                "info": {"eksInfo": {"namespace": "default"}},
            }
        },
    ),
    "emr-serverless": ("CreateApplication", {"type": "SPARK", "releaseLabel": "emr-6.6.0"}),
    "firehose": (
        "CreateDeliveryStream",
        {"S3DestinationConfiguration": {"RoleARN": _ROLE, "BucketARN": "arn:aws:s3:::kept"}},
    ),
    "iot": ("CreateThing", {"thingName": "kept"}),
    "iot-data": ("UpdateThingShadow", {"thingName": "kept", "payload": b'{"state": {}}'}),
    "lambda": (
        "CreateFunction",
        {
            "FunctionName": "kept",
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Role": _ROLE,
            "Code": {"ZipFile": zipped(app="def handler(event, context): pass")},
        },
    ),
    "managedblockchain": (
        "CreateNetwork",
        {
            "Framework": "HYPERLEDGER_FABRIC",
            "FrameworkVersion": "1.2",
            "FrameworkConfiguration": {"Fabric": {"Edition": "STARTER"}},
            "VotingPolicy": {
                "ApprovalThresholdPolicy": {
                    "ThresholdPercentage": 50,
                    "ProposalDurationInHours": 24,
                    "ThresholdComparator": "GREATER_THAN_OR_EQUAL_TO",
                }
            },
            "MemberConfiguration": {
                "Name": "kept",
                "LogPublishingConfiguration": {
                    "Fabric": {"CaLogs": {"Cloudwatch": {"Enabled": False}}}
                },
                "FrameworkConfiguration": {
                    "Fabric": {"AdminUsername": "admin", "AdminPassword": "Password1"}
                },
            },
        },
    ),
    "mediaconnect": ("CreateFlow", {"Name": "kept", "Sources": [{"Name": "kept"}]}),
    "osis": (
        "CreatePipeline",
        {
            "MinUnits": 1,
            "MaxUnits": 1,
            "PipelineConfigurationBody": (
                'version: "2"\nkept:\n  source: {http: {path: /kept}}\n'
                "  sink: [{s3: {aws: {region: us-east-1}, bucket: kept}}]\n"
            ),
        },
    ),
    "polly": (
        "PutLexicon",
        {
            "Content": (
                '<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"'
                ' alphabet="ipa" xml:lang="en-US"><lexeme><grapheme>W3C</grapheme>'
                "<alias>World Wide Web Consortium</alias></lexeme></lexicon>"
            )
        },
    ),
    "route53domains": (
        "RegisterDomain",
        {
            "DomainName": "kept.com",
            "DurationInYears": 2,
            **{
                f"{who}Contact": {
                    "FirstName": "A",
                    "LastName": "B",
                    "AddressLine1": "1 Street",
                    "City": "Oslo",
                    "State": "NY",
                    "CountryCode": "US",
                    "ZipCode": "10001",
                    "PhoneNumber": "+1.4155552671",
                    "Email": "a@example.com",
                    "ContactType": "PERSON",
                }
                for who in ("Admin", "Registrant", "Tech")
            },
        },
    ),
    "resourcegroupstaggingapi": ("TagResources", {"Tags": {"kept": "yes"}}),
    "s3": ("CreateBucket", {"Bucket": "kept"}),
    "s3control": (
        "PutPublicAccessBlock",
        {
            "AccountId": "123456789012",
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": True},
        },
    ),
    "sagemaker-metrics": (
        "BatchPutMetrics",
        {
            "TrialComponentName": "kept",
            "MetricData": [{"MetricName": "kept", "Timestamp": 1.0, "Step": 1, "Value": 1.0}],
        },
    ),
    "sso-admin": (
        "CreatePermissionSet",
        {"InstanceArn": "arn:aws:sso:::instance/ssoins-1234567890abcdef"},
    ),
    "ssm": ("PutParameter", {"Name": "kept", "Value": "kept", "Type": "String"}),
    "sts": ("AssumeRole", {"RoleArn": _ROLE, "RoleSessionName": "kept"}),
    "textract": (
        "StartDocumentTextDetection",
        {"DocumentLocation": {"S3Object": {"Bucket": "kept", "Name": "kept"}}},
    ),
}


@dataclass(frozen=True)
class Service:
    """A service of moto's, with a client of it and the names of its methods."""

    name: str
    client: Any

    def operations(self, pattern: Callable[[str], bool]) -> Iterator[tuple[str, Any]]:
        """Yield the names and models of the operations whose name fits."""
        model = self.client.meta.service_model
        for name in filter(pattern, model.operation_names):
            yield name, model.operation_model(name)

    def call(self, operation: str, **given: Any) -> Any:
        """Return the answer, or None for an error."""
        methods = {api: method for method, api in self.client.meta.method_to_api_mapping.items()}
        model = self.client.meta.service_model.operation_model(operation)
        try:
            answer = getattr(self.client, methods[operation])(**minimal_request(model, given))
        except (AttributeError, BotoCoreError, ClientError):
            return None
        answer.pop("ResponseMetadata", None)
        return answer


def services(aws: EmbeddedAws) -> list[Service]:
    """Return every service of moto's."""
    modules = set(list_of_moto_modules()) - NO_SERVICE
    plain = {
        name.replace("-", ""): name for name in boto3.session.Session().get_available_services()
    }
    names = sorted(_NAMES.get(module) or plain[module] for module in modules)
    first = ("iam", "s3")  # others look for a role or a bucket
    ordered = sorted(names, key=lambda name: name not in first)
    return [Service(name, aws.client(name, config=_CONFIG)) for name in ordered]


def make_roles(aws: EmbeddedAws) -> None:
    """Make the roles that the requests name."""
    make_role(aws, allow("*"), name="kept")
    aws.client("iam").create_role(
        RoleName="codepipeline", AssumeRolePolicyDocument=_TRUSTS_CODEPIPELINE
    )


def make_something(service: Service) -> list[str]:
    """Make one or two things in the service; return the operations that answered so."""
    made = []
    if service.name in _GIVEN:
        operation, request = _GIVEN[service.name]
        made = [operation] if service.call(operation, **request) is not None else []
    candidates = sorted(
        (name for name, _ in service.operations(lambda name: name.startswith(_MAKING))),
        key=lambda name: next(i for i, verb in enumerate(_MAKING) if name.startswith(verb)),
    )
    for operation in candidates[:_TRIED]:
        if len(made) >= _ENOUGH:
            break
        if service.call(operation) is not None:
            made.append(operation)
    return made


def answers(service: Service) -> dict[str, Any]:
    """Return what the operations answer that read and need to be told nothing."""
    found = {}
    for name, model in service.operations(lambda name: bool(_READING.match(name))):
        if not (model.input_shape and model.input_shape.required_members):
            answer = service.call(name)
            if answer is not None and not model.has_streaming_output:
                found[name] = answer
    return found
