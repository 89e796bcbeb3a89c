import pytest
from botocore.exceptions import ClientError

from lambdas.runs import files
from tests.unit.lambdas.conftest import BUCKET

URI = f"s3://{BUCKET}/runs/a/run.json"


def package(uri):
    return {"ModelMetrics": {"ModelQuality": {"Statistics": {"S3Uri": uri}}}}


def test_a_package_leads_to_its_run():
    registered = package("s3://bucket/runs/a/evaluation/evaluation.json")
    assert files.run_uri(registered) == "s3://bucket/runs/a"
    assert files.evaluation_uri(registered).endswith("/evaluation.json")


@pytest.mark.parametrize("registered", [{}, {"ModelMetrics": None}, package("s3://other/x.json")])
def test_a_package_of_somebody_elses_making_leads_to_none(registered):
    assert files.run_uri(registered) is None


def test_the_report_is_where_the_plan_says_and_else_beside_the_evaluation():
    paths = {"evaluation": "s3://b/runs/a/evaluation"}
    assert files.report_uri({"paths": paths}) == "s3://b/runs/a/evaluation/report.html"
    assert files.report_uri({"paths": {**paths, "report": "s3://b/r"}}) == "s3://b/r"


def test_a_file_is_read_and_one_that_is_gone_is_none(s3):
    assert files.read(s3, URI) is None
    s3.upload(BUCKET, "runs/a/run.json", b'{"run_id": "a"}')
    assert files.read(s3, URI) == {"run_id": "a"}


@pytest.mark.parametrize("content", [b"{", b"[1]", b'{"a": NaN}'])
def test_what_is_no_json_object_is_named(s3, content):
    s3.upload(BUCKET, "runs/a/run.json", content)
    with pytest.raises(ValueError, match=r"runs/a/run\.json"):
        files.read(s3, URI)


def test_a_file_that_may_not_be_read_is_no_missing_one(s3):
    s3.refuse("GetObject", "AccessDenied", 403)
    with pytest.raises(ClientError, match="AccessDenied"):
        files.read(s3, URI)
