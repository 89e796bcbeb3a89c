"""Search through boto3: jobs, experiments and the registry; sorted, and page by page."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account, training, unique


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


def by(name: str, value: str, how: str = "Equals") -> dict[str, Any]:
    return {"Filters": [{"Name": name, "Operator": how, "Value": value}]}


def found(account: Account, resource: str, **more: Any) -> list[Any]:
    pages = account.sagemaker.get_paginator("search").paginate(Resource=resource, **more)
    return [record for page in pages for record in page["Results"]]


@pytest.fixture(scope="module")
def jobs(account: Account) -> list[str]:
    """Two trainings with a tag of their own; the names."""
    team, names = unique("team"), [unique("searched") for _ in range(2)]
    for number, name in enumerate(names):
        asked = training(
            name,
            account.uri(name),
            "echo x > $SAGEMAKER_BASE_DIR/model/x",
            Tags=[{"Key": "team", "Value": team}],
            HyperParameters={"number": str(number)},
        )
        account.sagemaker.create_training_job(**asked)
    assert {account.ended_training(name)["TrainingJobStatus"] for name in names} == {"Completed"}
    return [team, *names]


def test_a_job_is_found_by_its_artifact(account: Account, jobs: list[str]) -> None:
    """So estimator.register() of the SageMaker SDK looks for the job of its model."""
    description = account.sagemaker.describe_training_job(TrainingJobName=jobs[1])
    uri = description["ModelArtifacts"]["S3ModelArtifacts"]
    (record,) = found(
        account,
        "TrainingJob",
        SearchExpression=by("ModelArtifacts.S3ModelArtifacts", uri),
    )
    job = record["TrainingJob"]
    assert job["TrainingJobArn"] == description["TrainingJobArn"]
    assert job["CreationTime"] == description["CreationTime"]
    assert job["Tags"] == [{"Key": "team", "Value": jobs[0]}]


def test_jobs_come_sorted_and_page_by_page(account: Account, jobs: list[str]) -> None:
    team, first, second = jobs
    asked = {"SearchExpression": by("Tags.team", team), "SortBy": "HyperParameters.number"}
    page = account.sagemaker.search(Resource="TrainingJob", MaxResults=1, **asked)
    assert page["Results"][0]["TrainingJob"]["TrainingJobName"] == second
    assert page["NextToken"]
    upwards = found(account, "TrainingJob", SortOrder="Ascending", **asked)
    assert [each["TrainingJob"]["TrainingJobName"] for each in upwards] == [first, second]


def test_everything_is_found_without_an_expression(account: Account, jobs: list[str]) -> None:
    names = {each["TrainingJob"]["TrainingJobName"] for each in found(account, "TrainingJob")}
    assert names >= set(jobs[1:])


def test_a_component_is_found_by_its_experiment(account: Account) -> None:
    experiment, trial, component = unique("e"), unique("t"), unique("c")
    sagemaker = account.sagemaker
    sagemaker.create_experiment(ExperimentName=experiment)
    sagemaker.create_trial(TrialName=trial, ExperimentName=experiment)
    sagemaker.create_trial_component(
        TrialComponentName=component, Parameters={"epochs": {"NumberValue": 3}}
    )
    sagemaker.associate_trial_component(TrialComponentName=component, TrialName=trial)
    (record,) = found(
        account,
        "ExperimentTrialComponent",
        SearchExpression=by("Parents.ExperimentName", experiment),
    )
    assert record["TrialComponent"]["TrialComponentName"] == component
    assert record["TrialComponent"]["Parents"] == [
        {"TrialName": trial, "ExperimentName": experiment}
    ]
    assert found(account, "Experiment", SearchExpression=by("ExperimentName", experiment))
    assert found(account, "ExperimentTrial", SearchExpression=by("ExperimentName", experiment))


def test_a_group_is_found_by_its_name(account: Account) -> None:
    group = unique("group")
    account.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    asked = by("ModelPackageGroupName", group)
    (record,) = found(account, "ModelPackageGroup", SearchExpression=asked)
    assert record["ModelPackageGroup"]["ModelPackageGroupArn"].endswith(f"/{group}")


def test_of_what_cannot_be_made_there_is_none(account: Account) -> None:
    assert found(account, "Endpoint", SearchExpression=by("EndpointName", "e")) == []


@pytest.mark.parametrize(
    ("resource", "expression", "said"),
    [
        ("TrainingJob", by("Nope", "1"), "Unknown property name: Nope"),
        ("Image", by("ImageName", "1"), "Search for Image is refused: the embedded AWS does not"),
    ],
)
def test_a_search_is_refused(
    account: Account, resource: str, expression: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError, match=f"ValidationException.*{said}"):
        account.sagemaker.search(Resource=resource, SearchExpression=expression)
