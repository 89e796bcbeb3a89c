"""pipeline.toml as checked, typed values.

Everything is checked before anything is deployed, because a wrong value found by SageMaker an hour
later costs money, and a wrong threshold found by nobody costs more.
"""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from lambdas.boundary.text import decoded
from lambdas.data_sets import manifest
from lambdas.data_sets.data_sets import name_problem
from lambdas.gate.settings import CONFIDENCE_LEVEL, parse_auto_approve, parse_gate
from lambdas.gate.verdicts import KEEP_CHAMPION
from lambdas.runs import instances
from state_machine import bounds as script_bounds
from state_machine import limits
from state_machine.account import NO_RULES, Account, from_the_files_folder
from state_machine.artifacts import bundle
from state_machine.errors import ConfigError
from state_machine.schedules import check_expression

InstanceType = Annotated[str, Field(pattern=instances.TYPE)]


class Section(BaseModel):
    """A table of pipeline.toml: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Code(Section):
    """Where the scripts of the jobs come from: folders, laid over each other in this order."""

    scripts: Annotated[
        list[Annotated[Path, BeforeValidator(from_the_files_folder)]],
        Field(min_length=1, validate_default=True),
    ] = [Path("ml_scripts")]

    @field_validator("scripts")
    @classmethod
    def _whole(cls, folders: list[Path]) -> list[Path]:
        for folder in folders:
            if not folder.is_dir():
                raise ValueError(f"no folder {folder}, expected one relative to this file")
        found = bundle.sources(folders)
        if missing := [name for name in bundle.NEEDED if name not in found]:
            where = ", ".join(str(folder) for folder in folders)
            raise ValueError(f"no {', '.join(missing)} in {where}")
        for path in found.values():
            if path.suffix == ".sh" and b"\r\n" in path.read_bytes():
                raise ValueError(
                    f"{path} has the line ends of Windows (CRLF), which bash does not take: "
                    "save it with those of Unix (LF)"
                )
        return folders


def _dataset_name(name: str) -> str:
    if problem := name_problem(name):
        raise ValueError(problem)
    return name


def _file_name(name: str) -> str:
    if not manifest.is_name(name):
        raise ValueError(f"expected {manifest.NAME_RULE}")
    return name


class Data(Section):
    """Which data set, the file names that make one complete, and how long uploads may go on."""

    dataset: Annotated[str, AfterValidator(_dataset_name)]
    required_files: Annotated[list[Annotated[str, AfterValidator(_file_name)]], Field(min_length=1)]
    settle_seconds: Annotated[int, Field(ge=0, le=24 * 3600)] = 10

    @field_validator("required_files")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        if twice := manifest.repeated(names):
            raise ValueError(f"{twice[0]!r} stands there more than once, expected it once")
        if manifest.FILE_NAME in names:
            raise ValueError(
                f"{manifest.FILE_NAME} counts wherever it lies, in place of these names: leave it "
                "out of them"
            )
        return names


class Job(Section):
    """What every SageMaker job has. Volume in GB, run time in seconds.

    The instance type decides which image the job gets: that for CPUs, or that for GPUs.
    `use` is what the types of this table are for, as `lambdas.runs.instances` names it.
    """

    use: ClassVar[str] = instances.PROCESSING

    instance_type: InstanceType
    instance_count: Annotated[int, Field(ge=1, le=100)] = 1
    volume_size_gb: Annotated[int, Field(ge=1, le=16384)] = 30
    max_runtime_seconds: Annotated[int, Field(ge=60, le=5 * 24 * 3600)] = 3600

    @field_validator("instance_type")
    @classmethod
    def _with_an_image(cls, instance_type: str) -> str:
        instances.of_job(instance_type)
        instances.check_known(instance_type, cls.use)
        return instance_type


class Preprocessing(Job):
    """The preprocessing job and its split.

    With several instances every one gets the files that one of the patterns `replicated_files`
    matches; all others are shared out among them.
    """

    validation_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    seed: Annotated[int, Field(ge=0, le=limits.LARGEST_SEED)] = 42
    replicated_files: Annotated[list[str], Field(min_length=1)] = ["*labels*", "manifest.json"]


class Evaluation(Job):
    """The evaluation job. One instance scores the whole test set: a share of it has no metrics."""

    @field_validator("instance_count")
    @classmethod
    def _alone(cls, count: int) -> int:
        if count != 1:
            raise ValueError("expected 1, because evaluation runs on one instance")
        return count


class Training(Job):
    """The training job, its image and its default hyperparameters.

    `max_wait_seconds` bounds a spot job's run time and its waits for capacity together.
    `keep_alive_seconds` is how long its instances wait for the next training, 0 for not at all.
    In the file, `recipe` names one of `recipes`, tables of hyperparameters that those of
    `hyperparameters` are laid over; here `hyperparameters` are what comes of it.
    """

    use: ClassVar[str] = instances.TRAINING

    use_spot: bool = False
    max_wait_seconds: Annotated[int, Field(ge=60, le=limits.LONGEST_SPOT_WAIT)] = 28800
    keep_alive_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    input_mode: Literal["File", "FastFile"] = "File"
    framework_version: str
    py_version: str
    hyperparameters: Annotated[
        dict[str, limits.Hyperparameter], Field(max_length=limits.MAX_HYPERPARAMETERS)
    ]
    recipes: Annotated[dict[str, dict[str, limits.Hyperparameter]], Field(exclude=True)] = {}

    @model_validator(mode="before")
    @classmethod
    def _by_recipe(cls, table: Any) -> Any:
        if not isinstance(table, dict) or not {"recipe", "recipes"} & table.keys():
            return table
        rest = dict(table)
        name, recipes = rest.pop("recipe", None), rest.pop("recipes", {})
        recipe = recipes.get(name) if isinstance(recipes, dict) else None
        if not isinstance(recipe, dict):
            raise ValueError(f"recipe is {name!r}: expected the NAME of a [training.recipes.NAME]")
        return {
            **rest,
            "hyperparameters": {**recipe, **rest.get("hyperparameters", {})},
            "recipes": recipes,
        }

    @field_validator("hyperparameters")
    @classmethod
    def _usable(
        cls, hyperparameters: dict[str, limits.Hyperparameter]
    ) -> dict[str, limits.Hyperparameter]:
        for name, value in hyperparameters.items():
            limits.check_hyperparameter(name, value)
        return hyperparameters

    @model_validator(mode="after")
    def _spot_waits_at_least_as_long_as_it_runs(self) -> Self:
        """Ask what CreateTrainingJob asks of a spot job.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
        """
        if self.use_spot and self.max_wait_seconds < self.max_runtime_seconds:
            raise ValueError(
                f"max_wait_seconds is {self.max_wait_seconds}: expected at least "
                f"max_runtime_seconds, {self.max_runtime_seconds}, because it includes the run time"
            )
        return self

    @model_validator(mode="after")
    def _spot_instances_are_given_back(self) -> Self:
        """Refuse what SageMaker refuses: spot instances are not kept.

        https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html
        """
        if self.use_spot and self.keep_alive_seconds:
            raise ValueError(
                f"keep_alive_seconds is {self.keep_alive_seconds} and use_spot true: SageMaker "
                "keeps no warm pool of spot instances, expected one of the two"
            )
        return self


class RuleTables(Section):
    """Rules, as they stand in `[gate]` and in `[registry.auto_approve]`.

    What they may hold is known to `lambdas.gate.settings` alone, which the Lambda asks too: so
    nothing is deployed that the gate would refuse later.
    """

    thresholds: list[dict[str, Any]] = []
    per_class: dict[str, Any] = {}
    champion: list[dict[str, Any]] = []
    limits: dict[str, Any] = {}


class Gate(RuleTables):
    """When a model may be registered; at least one rule, because no rule lets every model pass."""

    confidence_level: float = CONFIDENCE_LEVEL
    unscorable_champion: str = KEEP_CHAMPION

    @model_validator(mode="after")
    def _the_gate_takes_it(self) -> Self:
        parse_gate(self.model_dump())
        return self


class AutoApprove(RuleTables):
    """When a model that may be registered needs no person to approve it."""

    enabled: bool = False

    @model_validator(mode="after")
    def _the_gate_takes_it(self) -> Self:
        parse_auto_approve(self.model_dump())
        return self


class Registry(Section):
    """Where models that pass are registered, and whether some are approved by rules."""

    model_package_group: Annotated[str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")]
    auto_approve: AutoApprove = AutoApprove()
    inference_instance_types: Annotated[list[InstanceType], Field(min_length=1)]

    @field_validator("inference_instance_types")
    @classmethod
    def _of_one_image(cls, instance_types: list[str]) -> list[str]:
        instances.of_endpoints(instance_types)
        for instance_type in instance_types:
            instances.check_known(instance_type, instances.ENDPOINT)
        return instance_types


class Schedule(Section):
    """When to retrain on the newest data set without being asked."""

    enabled: bool = False
    expression: Annotated[str, AfterValidator(check_expression)] = "rate(7 days)"


class Tracking(Section):
    """The MLflow that the jobs record their runs in; none if the URI is empty.

    `experiment` is MLflow's, and the pipeline's name if it is empty.
    """

    # A part of the jobs' environment, which anybody may read who may describe a job: so no user and
    # no password.
    mlflow_tracking_uri: Annotated[str, AfterValidator(limits.check_tracking_uri)] = ""
    experiment: Annotated[
        str, Field(pattern=r"^[\w .:+@-]*$"), AfterValidator(limits.check_variable)
    ] = ""


class PipelineConfig(Section):
    """The whole of pipeline.toml."""

    # Chalice allows letters, digits, '-' and '_'; bucket names allow no '_' and no capitals.
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    max_concurrent_runs: Annotated[int, Field(ge=1, le=100)] = 1
    reuse_unchanged_steps: bool = True
    account: Account = NO_RULES
    code: Annotated[Code, Field(default_factory=dict, validate_default=True)]
    schedule: Schedule = Schedule()
    tracking: Tracking = Tracking()
    data: Data
    preprocessing: Preprocessing
    training: Training
    evaluation: Evaluation
    gate: Gate
    registry: Registry

    @property
    def bounds(self) -> script_bounds.Bounds:
        """What the scripts declare of the hyperparameters that there are."""
        declared = script_bounds.declared(bundle.sources(self.code.scripts))
        return {name: declared[name] for name in self.training.hyperparameters if name in declared}

    @model_validator(mode="after")
    def _the_training_takes_the_hyperparameters(self) -> Self:
        """Hold every recipe to what the scripts declare, as executions' inputs are held to it."""
        declared = script_bounds.declared(bundle.sources(self.code.scripts))
        tables = {f"training.recipes.{name}": each for name, each in self.training.recipes.items()}
        for table, values in {**tables, "training": self.training.hyperparameters}.items():
            if problem := script_bounds.problem(values, declared):
                raise ValueError(f"{table}: {problem}")
        return self

    @model_validator(mode="after")
    def _aws_can_carry_it(self) -> Self:
        files, hyperparameters = self.data.required_files, self.training.hyperparameters
        limits.check_variables(self.told_to_lambdas(), len(files), len(hyperparameters))
        limits.check_size(len(self.model_dump_json().encode()))
        return self

    def told_to_lambdas(self) -> dict[str, str]:
        """The settings among the variables of every Lambda; without a schedule app.py has none."""
        schedule = {"RETRAIN_SCHEDULE": self.schedule.expression}
        return {
            "RETRAIN_REQUIRED_FILES": json.dumps(self.data.required_files),
            "RETRAIN_HYPERPARAMETERS": json.dumps(self.training.hyperparameters),
            "RETRAIN_BOUNDS": json.dumps(self.bounds, separators=(",", ":")),
        } | (schedule if self.schedule.enabled else {})


def load(path: Path) -> PipelineConfig:
    """Read and check `path`.

    Raises:
        ConfigError: with one line for each value that cannot be used.
    """
    try:
        raw = tomllib.loads(decoded(path.read_bytes()))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: not found. Run from the project's folder or name it with --config"
        ) from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise ConfigError(f"{path}: not a TOML file: {error}") from None
    try:
        return PipelineConfig.model_validate(raw, context={"folder": path.resolve().parent})
    except ValidationError as error:
        raise ConfigError("\n".join(_line(path, problem) for problem in error.errors())) from None


def _line(path: Path, problem) -> str:  # type: ignore[no-untyped-def]
    key = ".".join(str(part) for part in problem["loc"])
    # What a whole table breaks is said by the message: its values together would only hide it.
    told = problem["type"] == "missing" or isinstance(problem["input"], dict)
    told = told or key == "account.pip_index_url"  # it may have a password
    found = "" if told else f", found {problem['input']!r}"
    return f"{path}: {key}: {problem['msg'].removeprefix('Value error, ')}{found}"
