"""A fake SageMaker: the registry's groups and packages, experiments with trials, ended jobs."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.service import FakeService, client_error, operation, page

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/{}/{}"


class FakeSageMaker(FakeService):
    """Model package groups, each a list of packages in order of creation."""

    service = "sagemaker"

    def __init__(self, *groups: str) -> None:
        super().__init__()
        self.groups: dict[str, list[dict[str, Any]]] = {name: [] for name in groups}
        self.experiments: dict[str, list[str]] = {}
        self.tags: dict[str, Any] = {}
        self.processing_jobs: list[dict[str, Any]] = []
        self.training_jobs: list[dict[str, Any]] = []

    def register(self, group: str, model_data_url: str | None, approval: str = "Approved") -> str:
        """Add a version to the group, as a run or a person would. Returns its ARN."""
        last = max((p["ModelPackageVersion"] for p in self.groups[group]), default=0)
        version = last + 1
        container = {"Image": "serving-image"}
        if model_data_url is not None:
            container["ModelDataUrl"] = model_data_url
        package = {
            "ModelPackageName": f"{group}/{version}",
            "ModelPackageGroupName": group,
            "ModelPackageVersion": version,
            "ModelPackageArn": ARN.format(group.lower(), version),
            "CreationTime": CREATED + timedelta(seconds=version),
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "ModelApprovalStatus": approval,
            "InferenceSpecification": {"Containers": [container]},
            "CustomerMetadataProperties": {"run_id": f"run-{version}"},
        }
        self.groups[group].append(package)
        return ARN.format(group.lower(), version)

    @operation
    def list_model_packages(self, **request: Any) -> dict[str, Any]:
        group = request["ModelPackageGroupName"]
        if group not in self.groups:
            message = f"ModelPackageGroup {group} does not exist."
            raise client_error("ValidationException", "ListModelPackages", message)
        found = [
            package
            for package in self.groups[group]
            if package["ModelApprovalStatus"]
            == request.get("ModelApprovalStatus", package["ModelApprovalStatus"])
        ]
        assert request["SortBy"] == "CreationTime"
        found.sort(key=lambda p: p["CreationTime"], reverse=request["SortOrder"] == "Descending")
        some, after = page(found, int(request.get("NextToken", 0)), self.page_size)
        wanted = self.operation_model("list_model_packages").output_shape
        members = wanted.members["ModelPackageSummaryList"].member.members
        summaries = [{k: v for k, v in package.items() if k in members} for package in some]
        token = {} if after is None else {"NextToken": str(after)}
        return {"ModelPackageSummaryList": summaries, **token}

    @operation
    def describe_model_package(self, **request: Any) -> dict[str, Any]:
        arn = request["ModelPackageName"]
        for package in (package for group in self.groups.values() for package in group):
            if package["ModelPackageArn"] == arn:
                return package
        raise client_error("ValidationException", "DescribeModelPackage", f"{arn} does not exist.")

    @operation
    def update_model_package(self, **request: Any) -> dict[str, Any]:
        """Change what the request names, and nothing else."""
        arn = request.pop("ModelPackageArn")
        self.describe_model_package(ModelPackageName=arn).update(request)
        return {"ModelPackageArn": arn}

    @operation
    def delete_model_package(self, **request: Any) -> dict[str, Any]:
        package = self.describe_model_package(**request)
        self.groups[package["ModelPackageGroupName"]].remove(package)
        return {}

    @operation
    def create_experiment(self, **request: Any) -> dict[str, Any]:
        name = request["ExperimentName"]
        self._refuse_taken("Experiment", name, self.experiments)
        self.tags[name] = request.get("Tags", [])
        self.experiments[name] = []
        return {"ExperimentArn": f"arn:aws:sagemaker:us-east-1:123456789012:experiment/{name}"}

    @operation
    def create_trial(self, **request: Any) -> dict[str, Any]:
        name, trials = request["TrialName"], self.experiments[request["ExperimentName"]]
        self._refuse_taken("Trial", name, trials)
        self.tags[name] = request.get("Tags", [])
        trials.append(name)
        return {"TrialArn": f"arn:aws:sagemaker:us-east-1:123456789012:experiment-trial/{name}"}

    @operation
    def list_processing_jobs(self, **request: Any) -> dict[str, Any]:
        return self._list_jobs("Processing", self.processing_jobs, request)

    @operation
    def list_training_jobs(self, **request: Any) -> dict[str, Any]:
        return self._list_jobs("Training", self.training_jobs, request)

    @operation
    def describe_processing_job(self, **request: Any) -> dict[str, Any]:
        return next(j for j in self.processing_jobs if request.items() <= j.items())

    @operation
    def describe_training_job(self, **request: Any) -> dict[str, Any]:
        return next(j for j in self.training_jobs if request.items() <= j.items())

    def _list_jobs(
        self, kind: str, jobs: list[dict[str, Any]], request: dict[str, Any]
    ) -> dict[str, Any]:
        found = [
            {
                name: job[name]
                for name in job
                if name.startswith(f"{kind}Job") or name == "CreationTime"
            }
            for job in jobs
            if request["NameContains"] in job[f"{kind}JobName"]
            and job[f"{kind}JobStatus"] == request["StatusEquals"]
        ]
        some, after = page(found, int(request.get("NextToken", 0)), self.page_size)
        token = {} if after is None else {"NextToken": str(after)}
        return {f"{kind}JobSummaries": some, **token}

    def _refuse_taken(self, kind: str, name: str, known: Iterable[str]) -> None:
        if name in known:
            message = f"{kind} with name ({name}) already exists."
            raise client_error("ValidationException", f"Create{kind}", message)
