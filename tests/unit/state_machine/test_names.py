"""Names that AWS accepts, and that Chalice forms in the same way."""

import re

from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import Names

NAMES = Names("retrain", "dev", "123456789012", "ap-southeast-2")


def test_the_bucket_name_is_one_that_s3_accepts() -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", NAMES.bucket)


def test_role_names_fit_the_64_characters_that_iam_allows() -> None:
    longest = Names("a" * 20, "production", "123456789012", "ap-southeast-2")

    assert max(len(longest.role(purpose)) for purpose in ("states", "preprocess", "evaluate")) <= 64


def test_two_stages_share_no_name() -> None:
    other = Names("retrain", "prod", "123456789012", "ap-southeast-2")

    assert NAMES.bucket != other.bucket
    assert NAMES.state_machine_arn != other.state_machine_arn
    assert {NAMES.function_arn(each.name) for each in LAMBDAS}.isdisjoint(
        {other.function_arn(each.name) for each in LAMBDAS}
    )
