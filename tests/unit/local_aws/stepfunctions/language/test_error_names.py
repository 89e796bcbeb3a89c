import pytest

from local_aws.stepfunctions.language.error_names import error_name, matches


@pytest.mark.parametrize("name", ["States.Timeout", "States.Unheard", "Mine", None])
def test_a_name_stays_what_it_is(name: str | None) -> None:
    assert error_name(name).error_name == name


@pytest.mark.parametrize(
    ("wanted", "name", "matched"),
    [
        ("Mine", "Mine", True),
        ("Mine", "Other", False),
        ("States.ALL", "Mine", True),
        ("States.ALL", None, True),
        ("States.ALL", "States.Timeout", True),
        ("States.ALL", "States.Runtime", False),
        ("States.ALL", "States.DataLimitExceeded", False),
        ("States.Runtime", "States.Runtime", True),
        ("States.TaskFailed", "Mine", True),
        ("States.TaskFailed", "States.Permissions", True),
        ("States.TaskFailed", "States.Timeout", False),
        ("States.TaskFailed", "States.Runtime", False),
    ],
)
def test_an_entry_matches_what_aws_says(wanted: str, name: str | None, matched: bool) -> None:
    assert matches(wanted, name) is matched
