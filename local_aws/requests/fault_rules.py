"""What may be asked of the faults: rules, and what is wrong with one that cannot be."""

from fnmatch import filter as matching
from typing import Annotated, Literal, Self

import botocore.session
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from local_aws.requests import eventual


class FaultRulesError(ValueError):
    """The rules cannot be used; the text has a line for each thing that is wrong."""


class Rule(BaseModel):
    """Which calls fail, how, and how often.

    `call` is a pattern of `<service>/<operation>`. A call that it matches is struck by chance,
    `rate` of all, and `times` times at most; the dice are `seed`'s. `seconds` is how long a delay
    takes, or how far what `eventual.py` lists lags behind; those kinds strike what is listed there
    and nothing else. A conflict strikes conditional writes to S3 only: no other call knows it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    call: str
    kind: Literal[
        "error",
        "throttle",
        "conflict",
        "reset",
        "lost-reply",
        "delay",
        "truncate",
        "stale",
        "propagation",
        "lasting",
    ]
    rate: Annotated[float, Field(ge=0, le=1)] = 1.0
    times: Annotated[int, Field(ge=1)] | None = None
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    seed: int = 0

    @field_validator("call")
    @classmethod
    def _is_a_call_that_there_is(cls, call: str) -> str:
        """A pattern that nothing matches would be a fault that never strikes."""
        service, slash, operation = call.partition("/")
        if not slash:
            raise ValueError("expected <service>/<operation>, such as s3/PutObject or */*")
        session = botocore.session.get_session()
        services = matching(session.get_available_services(), service)
        if not services:
            raise ValueError("no service has this name in boto3")
        if len(services) == 1:
            names = session.get_service_model(services[0]).operation_names
            if not matching(names, operation):
                raise ValueError(f"{services[0]} has no such operation")
        return call

    @model_validator(mode="after")
    def _only_s3_has_conflicts(self) -> Self:
        if self.kind == "conflict" and not self.call.startswith("s3/"):
            raise ValueError("expected a call of s3 with the kind conflict, such as s3/PutObject")
        return self

    @model_validator(mode="after")
    def _what_lags_behind_is_listed(self) -> Self:
        calls = eventual.KINDS.get(self.kind)
        if calls is not None and not matching(calls, self.call):
            raise ValueError(f"expected one of {', '.join(calls)} with the kind {self.kind}")
        return self

    @model_validator(mode="after")
    def _a_delay_has_a_length(self) -> Self:
        kinds = ["delay", *eventual.KINDS]
        if (self.kind in kinds) != (self.seconds is not None):
            named = " or ".join([", ".join(kinds[:-1]), kinds[-1]])
            raise ValueError(f"expected `seconds` with the kind {named} and with no other")
        if self.kind in eventual.KINDS and (self.seconds or 0) > eventual.LONGEST_SECONDS:
            raise ValueError(f"expected at most {eventual.LONGEST_SECONDS:.0f} seconds")
        return self


def parse(text: bytes) -> list[Rule]:
    """Read the JSON list of rules.

    Raises:
        FaultRulesError: naming the rule, its key and the value found.
    """
    try:
        return TypeAdapter(list[Rule]).validate_json(text)
    except ValidationError as error:
        raise FaultRulesError("\n".join(_line(problem) for problem in error.errors())) from None


def _line(problem) -> str:  # type: ignore[no-untyped-def]
    number, *keys = problem["loc"] or ("",)
    where = f"rule {number + 1}: " if isinstance(number, int) else "rules: "
    where += "".join(f"{key}: " for key in keys)
    value = problem["input"]
    told = problem["type"] == "missing" or isinstance(value, dict | list | bytes)
    return f"{where}{problem['msg']}" + ("" if told else f", found {value!r}")
