"""The names that a stage may have, wherever one is given."""

import pytest

from operations.errors import InputError
from operations.stage import check_stage


@pytest.mark.parametrize("stage", ["dev", "a", "feature-x", "2"])
def test_what_a_bucket_can_be_named_by(stage: str) -> None:
    check_stage(stage)


@pytest.mark.parametrize(
    "stage", ["", "feature/x", "my stage", "Prod", "-a", "a-", "ü", "dev\n", "a_b", "a.b"]
)
def test_any_other_name_is_one_line(stage: str) -> None:
    with pytest.raises(InputError) as raised:
        check_stage(stage)
    assert repr(stage) in str(raised.value)
    assert "\n" not in str(raised.value)
