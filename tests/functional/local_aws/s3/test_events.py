"""S3 tells functions, queues and topics of objects, in AWS's shape and outside of the upload."""

import json
import re
import time
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lambdas.boundary.s3_events import read
from local_aws.client import EmbeddedAws
from local_aws.s3.records import EMPTY_ETAG
from local_aws.state.summary import summary
from tests.functional.conftest import Deploy
from tests.functional.events import Queue, Rules, topic_into
from tests.support.waiting import eventually

PRINTS_EVENT = (
    "import json\ndef handler(event, context):\n    print('EVENT ' + json.dumps(event))\n"
)


@pytest.fixture
def bucket(embedded_aws: EmbeddedAws) -> str:
    name = f"bucket-{uuid4().hex[:8]}"
    embedded_aws.client("s3").create_bucket(Bucket=name)
    return name


def subscribe(
    aws: EmbeddedAws,
    bucket: str,
    function: str,
    rules: dict[str, str] | None = None,
    events: tuple[str, ...] = ("s3:ObjectCreated:*",),
) -> None:
    """Have S3 invoke the function, the way Chalice's deploy sets it up."""
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    aws.client("lambda").add_permission(
        FunctionName=arn,
        StatementId=uuid4().hex,
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{bucket}",
        SourceAccount="123456789012",
    )
    destination: dict = {"LambdaFunctionArn": arn, "Events": list(events)}
    if rules:
        filters = [{"Name": name, "Value": value} for name, value in rules.items()]
        destination["Filter"] = {"Key": {"FilterRules": filters}}
    configure(aws, bucket, {"LambdaFunctionConfigurations": [destination]})


def configure(aws: EmbeddedAws, bucket: str, configuration: dict, **options: object) -> None:
    aws.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=configuration, **options
    )


def received(aws: EmbeddedAws, function: str, count: int) -> list[dict]:
    """Wait until the function has printed `count` events; return their records."""

    def records() -> list[dict]:
        client = aws.client("logs")
        try:
            found = client.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        except client.exceptions.ResourceNotFoundException:
            return []
        lines = [entry["message"] for entry in found if entry["message"].startswith("EVENT ")]
        parsed = [json.loads(line.removeprefix("EVENT ")) for line in lines]
        assert all(len(event["Records"]) == 1 for event in parsed)
        return [event["Records"][0] for event in parsed]

    eventually(lambda: len(records()) >= count)
    return records()


def test_record_has_awss_shape(embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy) -> None:
    function = deploy(PRINTS_EVENT)
    s3 = embedded_aws.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    subscribe(embedded_aws, bucket, function)
    put = s3.put_object(Bucket=bucket, Key="raw data/ünï+code=1.gz", Body=b"12345")

    (record,) = received(embedded_aws, function, 1)
    assert set(record) == {
        "eventVersion",
        "eventSource",
        "awsRegion",
        "eventTime",
        "eventName",
        "userIdentity",
        "requestParameters",
        "responseElements",
        "s3",
    }
    assert record["eventVersion"] == "2.1"
    assert (record["eventSource"], record["awsRegion"]) == ("aws:s3", "us-east-1")
    assert record["eventName"] == "ObjectCreated:Put"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["eventTime"])
    assert record["userIdentity"]["principalId"].startswith("AWS:")
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    assert set(record["responseElements"]) == {"x-amz-request-id", "x-amz-id-2"}
    described = record["s3"]
    assert set(described) == {"s3SchemaVersion", "configurationId", "bucket", "object"}
    assert described["bucket"] == {
        "name": bucket,
        "ownerIdentity": {"principalId": "123456789012"},
        "arn": f"arn:aws:s3:::{bucket}",
    }
    assert described["object"].pop("sequencer") > "0"
    assert described["object"] == {
        "key": "raw+data/%C3%BCn%C3%AF%2Bcode%3D1.gz",
        "size": 5,
        "eTag": put["ETag"].strip('"'),
        "versionId": put["VersionId"],
    }


def test_bucket_without_versions_has_no_version_id(
    embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy
) -> None:
    function = deploy(PRINTS_EVENT)
    subscribe(embedded_aws, bucket, function)
    embedded_aws.client("s3").put_object(Bucket=bucket, Key="key")
    (record,) = received(embedded_aws, function, 1)
    assert "versionId" not in record["s3"]["object"]


def test_sequencer_grows(embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy) -> None:
    function = deploy(PRINTS_EVENT)
    subscribe(embedded_aws, bucket, function)
    s3 = embedded_aws.client("s3")
    for number in range(5):
        s3.put_object(Bucket=bucket, Key="same", Body=bytes(number))
    records = received(embedded_aws, function, 5)
    by_size = sorted(records, key=lambda record: record["s3"]["object"]["size"])
    sequencers = [record["s3"]["object"]["sequencer"] for record in by_size]
    assert sequencers == sorted(set(sequencers))
    assert all(re.fullmatch(r"[0-9A-F]{18}", sequencer) for sequencer in sequencers)


def test_each_way_to_create_an_object_has_its_name(
    embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy
) -> None:
    function = deploy(PRINTS_EVENT)
    subscribe(embedded_aws, bucket, function)
    s3 = embedded_aws.client("s3")
    s3.put_object(Bucket=bucket, Key="put", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "put"})
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    where = {"Bucket": bucket, "Key": "parts", "UploadId": upload}
    part = s3.upload_part(**where, PartNumber=1, Body=b"1234")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    s3.put_object(Bucket=bucket, Key="last")

    records = received(embedded_aws, function, 4)
    names = {record["s3"]["object"]["key"]: record["eventName"] for record in records}
    assert len(records) == 4  # the multipart upload is one event
    assert names == {
        "put": "ObjectCreated:Put",
        "copy": "ObjectCreated:Copy",
        "parts": "ObjectCreated:CompleteMultipartUpload",
        "last": "ObjectCreated:Put",
    }
    (parts_record,) = [r for r in records if r["s3"]["object"]["key"] == "parts"]
    assert parts_record["s3"]["object"]["eTag"] == done["ETag"].strip('"')
    assert parts_record["s3"]["object"]["size"] == 4


@pytest.mark.parametrize(
    "names", [("Prefix", "Suffix"), ("prefix", "suffix"), ("PREFIX", "suFfix")]
)
def test_filter_rules_in_any_case(
    embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy, names: tuple[str, str]
) -> None:
    function = deploy(PRINTS_EVENT)
    subscribe(embedded_aws, bucket, function, dict(zip(names, ("in/", ".gz"), strict=True)))
    s3 = embedded_aws.client("s3")
    for key in ("in/a.gz", "in/a.txt", "out/a.gz", "in/b.gz"):
        s3.put_object(Bucket=bucket, Key=key)
    records = received(embedded_aws, function, 2)
    assert sorted(record["s3"]["object"]["key"] for record in records) == ["in/a.gz", "in/b.gz"]


def test_filter_rule_of_another_name_is_refused(
    embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy
) -> None:
    function = deploy(PRINTS_EVENT)
    with pytest.raises(ClientError) as refused:
        subscribe(embedded_aws, bucket, function, {"infix": "a"})
    assert refused.value.response["Error"]["Code"] == "InvalidArgument"


def test_removal_is_told_without_size(
    embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy
) -> None:
    function = deploy(PRINTS_EVENT)
    subscribe(embedded_aws, bucket, function, events=("s3:ObjectRemoved:*",))
    s3 = embedded_aws.client("s3")
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    s3.delete_object(Bucket=bucket, Key="key")
    (record,) = received(embedded_aws, function, 1)
    assert record["eventName"] == "ObjectRemoved:Delete"
    assert set(record["s3"]["object"]) == {"key", "sequencer"}


def test_each_way_to_remove_an_object_is_told(
    embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy
) -> None:
    function = deploy(PRINTS_EVENT)
    s3 = embedded_aws.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    subscribe(embedded_aws, bucket, function, events=("s3:ObjectRemoved:*",))
    good, bad = (s3.put_object(Bucket=bucket, Key="key")["VersionId"] for _ in range(2))

    s3.delete_object(Bucket=bucket, Key="key", VersionId=bad)  # an overwrite is taken back
    marker = s3.delete_object(Bucket=bucket, Key="key")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="key", VersionId=marker)  # and the deletion
    many = [{"Key": "key"}, {"Key": "key", "VersionId": good}]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": many})

    records = received(embedded_aws, function, 5)
    told = [(r["eventName"], r["s3"]["object"]["versionId"]) for r in sorted(records, key=_order)]
    last = s3.list_object_versions(Bucket=bucket)["DeleteMarkers"][0]["VersionId"]
    assert told == [
        ("ObjectRemoved:Delete", bad),
        ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", marker),
        ("ObjectRemoved:DeleteMarkerCreated", last),
        ("ObjectRemoved:Delete", good),
    ]


def test_a_delete_marker_has_a_tag_and_what_a_batch_does_not_find_is_told(
    embedded_aws: EmbeddedAws, bucket: str, queue: Queue
) -> None:
    s3 = embedded_aws.client("s3")
    told = {"QueueArn": queue.arn, "Events": ["s3:ObjectRemoved:*"]}
    configure(embedded_aws, bucket, {"QueueConfigurations": [told]})

    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "absent"}]})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket=bucket, Key="absent")["VersionId"]

    _, batch, marked = (body.get("Records") for body in queue.bodies(3))
    assert batch[0]["eventName"] == "ObjectRemoved:Delete"
    assert set(batch[0]["s3"]["object"]) == {"key", "sequencer"}
    assert marked[0]["eventName"] == "ObjectRemoved:DeleteMarkerCreated"
    described = marked[0]["s3"]["object"]
    assert (described["eTag"], described["versionId"]) == (EMPTY_ETAG, marker)
    assert set(described) == {"key", "eTag", "versionId", "sequencer"}


def test_events_of_tags_and_acls_have_a_version_and_members_of_their_own(
    embedded_aws: EmbeddedAws, bucket: str, queue: Queue, rules: Rules
) -> None:
    s3 = embedded_aws.client("s3")
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    events = ["s3:ObjectTagging:*", "s3:ObjectAcl:Put"]
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    through_the_bus = Queue(embedded_aws)
    rules.put({"Arn": through_the_bus.arn}, pattern=pattern)
    told = {"QueueArn": queue.arn, "Events": events}
    configure(embedded_aws, bucket, {"QueueConfigurations": [told], "EventBridgeConfiguration": {}})

    s3.put_object_tagging(Bucket=bucket, Key="key", Tagging=tags)
    s3.delete_object_tagging(Bucket=bucket, Key="key")
    s3.put_object_acl(Bucket=bucket, Key="key", ACL="private")

    records = [body["Records"][0] for body in queue.bodies(4)[1:]]
    names = ["ObjectTagging:Put", "ObjectTagging:Delete", "ObjectAcl:Put"]
    assert [record["eventName"] for record in records] == names
    assert {record["eventVersion"] for record in records} == {"2.3"}
    assert all(set(record["s3"]["object"]) == {"key", "eTag"} for record in records)
    details = [body["detail"] for body in through_the_bus.bodies(3)]
    assert all(set(detail["object"]) == {"key", "etag"} for detail in details)
    assert not any("reason" in detail for detail in details)


def test_filter_rules_are_answered_with_capitals_and_may_be_empty(
    embedded_aws: EmbeddedAws, bucket: str, queue: Queue
) -> None:
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ""}]
    filtered = {"Filter": {"Key": {"FilterRules": rules}}}
    told = {"QueueArn": queue.arn, "Events": ["s3:ObjectCreated:*"], **filtered}
    given = {"QueueConfigurations": [told], "EventBridgeConfiguration": {}}
    configure(embedded_aws, bucket, given)

    s3 = embedded_aws.client("s3")
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    (kept,) = answer["QueueConfigurations"]
    kept_rules = kept["Filter"]["Key"]["FilterRules"]
    assert kept_rules == [{**rule, "Name": rule["Name"].capitalize()} for rule in rules]
    assert answer["EventBridgeConfiguration"] == {}
    for key in ("out/a", "in/a"):
        s3.put_object(Bucket=bucket, Key=key)
    told_of = queue.bodies(2)[1]["Records"]
    assert [record["s3"]["object"]["key"] for record in told_of] == ["in/a"]


@pytest.mark.parametrize(
    ("member", "named", "arn"),
    [
        ("QueueConfigurations", "QueueArn", "arn:aws:sqs:us-east-1:123456789012:absent"),
        ("TopicConfigurations", "TopicArn", "arn:aws:sns:us-east-1:123456789012:absent"),
        (
            "LambdaFunctionConfigurations",
            "LambdaFunctionArn",
            "arn:aws:lambda:us-east-1:123456789012:function:absent",
        ),
    ],
)
def test_a_destination_has_to_be_there(
    embedded_aws: EmbeddedAws, bucket: str, member: str, named: str, arn: str
) -> None:
    configuration = {member: [{named: arn, "Events": ["s3:ObjectCreated:*"]}]}
    with pytest.raises(ClientError, match="Unable to validate") as refused:
        configure(embedded_aws, bucket, configuration)
    assert refused.value.response["Error"]["Code"] == "InvalidArgument"
    configure(embedded_aws, bucket, configuration, SkipDestinationValidation=True)


def _order(record: dict) -> str:
    return str(record["s3"]["object"]["sequencer"])


def test_upload_does_not_wait_for_the_function(
    embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy
) -> None:
    function = deploy("import time\ndef handler(event, context):\n    time.sleep(3)\n")
    subscribe(embedded_aws, bucket, function)
    started = time.monotonic()
    embedded_aws.client("s3").put_object(Bucket=bucket, Key="key")
    assert time.monotonic() - started < 2


def test_failed_function_is_tried_again(
    embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy
) -> None:
    function = deploy(PRINTS_EVENT + "    raise RuntimeError('always')\n")
    subscribe(embedded_aws, bucket, function)
    embedded_aws.client("s3").put_object(Bucket=bucket, Key="key")
    records = received(embedded_aws, function, 3)
    assert len({record["s3"]["object"]["sequencer"] for record in records}) == 1
    log = embedded_aws.data_folder / "server.log"
    eventually(lambda: re.search(f"{function} dropped after 3 attempts.*always", log.read_text()))


def test_event_for_a_deleted_function_is_a_dead_letter(
    embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy, role: str
) -> None:
    function = deploy(PRINTS_EVENT)
    subscribe(embedded_aws, bucket, function)
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    # Deleted behind the bucket's back: without a permission the configuration would be refused.
    embedded_aws.client("lambda").delete_function(FunctionName=function)
    embedded_aws.client("s3").put_object(Bucket=bucket, Key="lost")
    log = embedded_aws.data_folder / "server.log"
    eventually(lambda: f"for {arn} was not delivered" in log.read_text())
    letters = embedded_aws.data_folder / "dead-letters.jsonl"
    eventually(lambda: letters.exists() and f"for {arn}" in letters.read_text())
    assert summary(embedded_aws.data_folder)["dead_letters"] > 0


@pytest.mark.parametrize("permitted_bucket", [None, "another-bucket"])
def test_destination_must_let_s3_invoke_it(
    embedded_aws: EmbeddedAws, bucket: str, deploy: Deploy, permitted_bucket: str | None
) -> None:
    function = deploy(PRINTS_EVENT)
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    if permitted_bucket:
        embedded_aws.client("lambda").add_permission(
            FunctionName=function,
            StatementId="s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{permitted_bucket}",
        )
    destination = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    configuration = {"LambdaFunctionConfigurations": [destination]}
    with pytest.raises(ClientError) as refused:
        configure(embedded_aws, bucket, configuration)
    assert refused.value.response["Error"]["Code"] == "InvalidArgument"
    assert "Unable to validate" in refused.value.response["Error"]["Message"]
    configure(embedded_aws, bucket, configuration, SkipDestinationValidation=True)


def test_queue_and_topic_get_a_test_event_and_then_records(
    embedded_aws: EmbeddedAws, bucket: str
) -> None:
    sqs, sns = embedded_aws.client("sqs"), embedded_aws.client("sns")

    def new_queue(name: str) -> tuple[str, str]:
        url = sqs.create_queue(QueueName=f"{bucket}-{name}")["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:123456789012:{bucket}-{name}"

    direct_url, direct_arn = new_queue("direct")
    behind_topic_url, behind_topic_arn = new_queue("topic")
    topic = sns.create_topic(Name=f"{bucket}-topic")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=behind_topic_arn)
    events = ["s3:ObjectCreated:*"]
    configure(
        embedded_aws,
        bucket,
        {
            "QueueConfigurations": [{"QueueArn": direct_arn, "Events": events}],
            "TopicConfigurations": [{"TopicArn": topic, "Events": events}],
        },
    )
    embedded_aws.client("s3").put_object(Bucket=bucket, Key="key", Body=b"1")

    def messages(url: str) -> list[dict]:
        found: list[dict] = []

        def receive() -> bool:
            for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return len(found) == 2

        eventually(receive)
        return found

    direct = messages(direct_url)
    through_topic = [json.loads(message["Message"]) for message in messages(behind_topic_url)]
    for test, told in (direct, through_topic):
        assert (test["Event"], test["Bucket"]) == ("s3:TestEvent", bucket)
        assert told["Records"][0]["s3"]["object"]["key"] == "key"


def test_event_bridge_gets_the_event(
    embedded_aws: EmbeddedAws, bucket: str, rules: Rules, queue: Queue
) -> None:
    s3 = embedded_aws.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    rules.put({"Arn": queue.arn}, pattern=pattern)
    configure(embedded_aws, bucket, {"EventBridgeConfiguration": {}})

    s3.put_object(Bucket=bucket, Key="a b", Body=b"123")
    (created,) = queue.bodies(1)
    s3.delete_object(Bucket=bucket, Key="a b")
    deleted = queue.bodies(2)[1]  # and nothing of tags, which nobody has put

    assert created["detail-type"] == "Object Created"
    assert created["detail"]["object"].items() >= {"key": "a b", "size": 3}.items()
    assert created["detail"]["bucket"] == {"name": bucket}
    assert created["detail"]["reason"] == "PutObject"
    assert deleted["detail-type"] == "Object Deleted"
    assert deleted["detail"]["reason"] == "DeleteObject"
    assert deleted["detail"]["deletion-type"] == "Delete Marker Created"


def test_the_pipeline_reads_what_arrives_whichever_way_it_went(
    embedded_aws: EmbeddedAws, bucket: str, rules: Rules
) -> None:
    ways = {
        name: Queue(embedded_aws) for name in ("direct", "topic", "raw", "bus", "bus and topic")
    }
    events = ["s3:ObjectCreated:*"]
    topics = [topic_into(embedded_aws, ways["topic"], raw=False)]
    topics += [topic_into(embedded_aws, ways["raw"])]
    bus = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    rules.put(
        {"Arn": ways["bus"].arn},
        {"Arn": topic_into(embedded_aws, ways["bus and topic"], raw=False)},
        pattern=bus,
    )
    configuration = {
        "QueueConfigurations": [{"QueueArn": ways["direct"].arn, "Events": events}],
        "TopicConfigurations": [{"TopicArn": topic, "Events": events} for topic in topics],
        "EventBridgeConfiguration": {},
    }
    configure(embedded_aws, bucket, configuration)

    embedded_aws.client("s3").put_object(Bucket=bucket, Key="raw_data/a b+ü/%41.gz", Body=b"1")

    for way, queue in ways.items():
        tested = way not in {"bus", "bus and topic"}  # whoever is told directly is tested first
        messages = queue.messages(2 if tested else 1)
        batch = [{"messageId": m["MessageId"], "body": m["Body"]} for m in messages]
        told = read({"Records": batch})
        assert told.refused == [], way
        assert [(name, key) for _, name, key in told.objects] == [(bucket, "raw_data/a b+ü/%41.gz")]
