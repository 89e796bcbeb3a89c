"""What the properties of resources come to, in whatever form a template has them."""

import json
from typing import Any

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import unique
from tests.support.roles import ROLE

SOURCE = "def handler(event, context):\n    return 'inline'\n"
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
RESOURCES: dict[str, Any] = {
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"ZipFile": SOURCE},
            "Handler": "index.handler",
            "Runtime": "python3.11",
            "Role": ROLE,
            "Timeout": "7",
            "MemorySize": {"Ref": "Memory"},
            "ReservedConcurrentExecutions": "2",
            "Environment": {"Variables": {"NUMBER": 1, "FLAG": True}},
        },
    },
    "Topic": {
        "Type": "AWS::SNS::Topic",
        "Properties": {
            "DisplayName": "shown",
            "Subscription": [{"Protocol": "sqs", "Endpoint": {"Fn::GetAtt": "Queue.Arn"}}],
            "Tags": [{"Key": "k", "Value": "v"}],
        },
    },
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": "3"}},
    "Ordered": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": "true"}},
    "OrderedTopic": {"Type": "AWS::SNS::Topic", "Properties": {"FifoTopic": True}},
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": "true"},
            "CorsConfiguration": {
                "CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": "60"}]
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "NotificationConfiguration": {
                "EventBridgeConfiguration": {"EventBridgeEnabled": "true"}
            },
        },
    },
    "Machine": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"Definition": PASS, "RoleArn": ROLE, "StateMachineType": "STANDARD"},
    },
    "MachineOfBucket": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "DefinitionS3Location": {"Bucket": {"Ref": "Place"}, "Key": "machine.json"},
            "RoleArn": ROLE,
        },
    },
    "Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": 5}},
}
PARAMETERS: dict[str, Any] = {
    "Memory": {"Type": "Number", "Default": "256"},
    "Attribute": {"Type": "String", "Default": "QueueName"},
    "Place": {"Type": "String"},
}


def test_every_property_counts(embedded_aws: EmbeddedAws) -> None:
    stacks, name, place = embedded_aws.client("cloudformation"), unique("stack"), unique("place")
    s3 = embedded_aws.client("s3")
    s3.create_bucket(Bucket=place)
    s3.put_object(Bucket=place, Key="machine.json", Body=json.dumps(PASS))
    outputs: dict[str, Any] = {each: {"Value": {"Ref": each}} for each in RESOURCES}
    outputs["Named"] = {"Value": {"Fn::GetAtt": ["Queue", {"Ref": "Attribute"}]}}
    template = {"Resources": RESOURCES, "Parameters": PARAMETERS, "Outputs": outputs}
    stacks.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "Place", "ParameterValue": place}],
    )

    (told,) = stacks.describe_stacks(StackName=name)["Stacks"]
    assert told["StackStatus"] == "CREATE_COMPLETE", told.get("StackStatusReason")
    made = {one["OutputKey"]: one["OutputValue"] for one in told["Outputs"]}
    assert made["Queue"].endswith(f"/{made['Named']}")
    _check_function(embedded_aws.client("lambda"), made["Function"])
    _check_messaging(embedded_aws, made)
    _check_bucket(s3, made["Bucket"])
    states = embedded_aws.client("stepfunctions")
    for machine in ("Machine", "MachineOfBucket"):
        found = states.describe_state_machine(stateMachineArn=made[machine])
        assert json.loads(found["definition"]) == PASS
    ssm = embedded_aws.client("ssm")
    assert ssm.get_parameter(Name=made["Parameter"])["Parameter"]["Value"] == "5"
    stacks.delete_stack(StackName=name)


def _check_function(lambdas: Any, name: str) -> None:
    assert json.loads(lambdas.invoke(FunctionName=name)["Payload"].read()) == "inline"
    found = lambdas.get_function(FunctionName=name)
    assert found["Concurrency"]["ReservedConcurrentExecutions"] == 2
    configuration = found["Configuration"]
    assert (configuration["Timeout"], configuration["MemorySize"]) == (7, 256)
    assert configuration["Environment"]["Variables"] == {"NUMBER": "1", "FLAG": "true"}


def _check_messaging(aws: EmbeddedAws, made: dict[str, str]) -> None:
    sns, sqs = aws.client("sns"), aws.client("sqs")
    attributes = sns.get_topic_attributes(TopicArn=made["Topic"])["Attributes"]
    assert attributes["DisplayName"] == "shown"
    (subscribed,) = sns.list_subscriptions_by_topic(TopicArn=made["Topic"])["Subscriptions"]
    assert subscribed["Endpoint"].rpartition(":")[2] == made["Named"]
    assert sns.list_tags_for_resource(ResourceArn=made["Topic"])["Tags"]
    found = sqs.get_queue_attributes(QueueUrl=made["Queue"], AttributeNames=["DelaySeconds"])
    assert found["Attributes"] == {"DelaySeconds": "3"}
    assert made["Ordered"].endswith(".fifo")
    assert made["OrderedTopic"].endswith(".fifo")


def _check_bucket(s3: Any, name: str) -> None:
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert block["BlockPublicAcls"] is True
    (rule,) = s3.get_bucket_cors(Bucket=name)["CORSRules"]
    assert rule["MaxAgeSeconds"] == 60
    (control,) = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert control["ObjectOwnership"] == "BucketOwnerEnforced"
    told = s3.get_bucket_notification_configuration(Bucket=name)
    assert told["EventBridgeConfiguration"] == {}
