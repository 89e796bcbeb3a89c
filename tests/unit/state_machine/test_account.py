"""`[account]` of pipeline.toml: what is refused, and how the refusal reads."""

from pathlib import Path

import pytest

from state_machine import config
from state_machine.account import MOST_TAGS, Account, key_problem
from state_machine.errors import ConfigError
from tests.support.paths import PROJECT

GROUP = 'security_group_ids = ["sg-1"]'
BOUNDARY = "arn:aws:iam::123456789012:policy/teams/ml/limits"


def load(tmp_path: Path, table: str) -> config.PipelineConfig:
    (tmp_path / "ml_scripts").symlink_to(PROJECT / "ml_scripts")
    text = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    file = tmp_path / "pipeline.toml"
    file.write_text(f"{text}\n[account]\n{table}\n", encoding="utf-8")
    return config.load(file)


def test_an_account_that_asks_for_nothing_needs_no_table() -> None:
    account = config.load(PROJECT / "pipeline.toml").account

    assert (account.role_path, account.permissions_boundary, account.tags) == ("/", "", {})


def test_what_aws_takes_is_taken(tmp_path: Path) -> None:
    tags = 'tags = { "cost centre" = "4711", "Équipe" = "données/α", owner = "ml@example.org" }'
    account = load(
        tmp_path, f'role_path = "/teams/ml/"\npermissions_boundary = "{BOUNDARY}"\n{tags}'
    ).account

    assert account.role_path == "/teams/ml/"
    assert account.permissions_boundary == BOUNDARY
    assert account.tags["Équipe"] == "données/α"


@pytest.mark.parametrize(
    ("table", "field", "said"),
    [
        ('role_path = "teams"', "role_path", "with / at both ends"),
        ('role_path = "/teams"', "role_path", "with / at both ends"),
        ('role_path = "/te ams/"', "role_path", "found '/te ams/'"),
        (f'role_path = "/{"t" * 150}/"', "role_path", "at most 150"),
        ('permissions_boundary = "limits"', "permissions_boundary", "the ARN of a managed policy"),
        (
            'permissions_boundary = "arn:aws:iam::123456789012:role/limits"',
            "permissions_boundary",
            "access_policies_boundaries.html",
        ),
        ('attached_policies = ["limits"]', "attached_policies.0", "the ARN of a managed policy"),
        (f'attached_policies = ["{BOUNDARY}", "{BOUNDARY}"]', "attached_policies", "them once"),
        ('tags = { "aws:team" = "ml" }', "tags", "does not begin with aws:"),
        ('tags = { "AWS:team" = "ml" }', "tags", "does not begin with aws:"),
        ('tags = { team = "a", Team = "b" }', "tags", "a key once, in whatever case"),
        ('tags = { retrain-code = "mine" }', "tags", "set by the deployment itself"),
        ('tags = { team = "a|b" }', "tags", "letters, digits, spaces and _.:/=+-@"),
        ('tags = { "" = "b" }', "tags", "1 to 128 characters of key"),
        (f'tags = {{ team = "{"b" * 257}" }}', "tags", "at most 256 of value"),
        ("tags = { team = 1 }", "tags.team", "valid string"),
        ('owner = "ml"', "owner", "not permitted"),
        ('wheels = "ml_scripts"', "wheels", "expected a folder of them, relative to this file"),
        ('wheels = "nowhere"', "wheels", "no *.whl in"),
        ("wheels = 1", "wheels", "expected a folder"),
        ('pip_index_url = "http://pypi.example.org/simple"', "pip_index_url", "https://HOST/PATH"),
        ('pip_index_url = "https://a.example.org/?token=1"', "pip_index_url", "https://HOST/PATH"),
        (f'pip_index_url = "https://a.example.org/{"p" * 240}"', "pip_index_url", "at most 256"),
        ('kms_key = "alias/ours"', "kms_key", "an alias, which policies do not know"),
        (
            'kms_key = "arn:aws:kms:us-east-1:123456789012:alias/ours"',
            "kms_key",
            "expected the ARN of the key itself",
        ),
        (
            'kms_key = "1234abcd-12ab-34cd-56ef-1234567890ab"',
            "kms_key",
            "arn:aws:kms:REGION:ACCOUNT:key/ID",
        ),
        (f'subnets = ["vpc-1"]\n{GROUP}', "subnets.0", "such as subnet-0a1b2c3d4e5f67890"),
        (f'subnets = ["{"s" * 33}"]\n{GROUP}', "subnets.0", "AWS allows 32"),
        (f"subnets = {[f'subnet-{n}' for n in range(17)]}\n{GROUP}", "subnets", "at most 16"),
        (f'subnets = ["subnet-1", "subnet-1"]\n{GROUP}', "subnets", "each of them once"),
        ('subnets = ["subnet-1"]', "", "found subnets and no security_group_ids"),
        (GROUP, "", "found security_group_ids and no subnets"),
        (
            f'subnets = ["subnet-1"]\nsecurity_group_ids = {[f"sg-{n}" for n in range(6)]}',
            "security_group_ids",
            "at most 5",
        ),
    ],
)
def test_what_aws_refuses_is_refused(tmp_path: Path, table: str, field: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, table)

    (line,) = str(raised.value).splitlines()
    assert f"account{f'.{field}' if field else ''}: " in line
    assert said in line


def test_more_tags_than_a_lambda_takes_are_refused(tmp_path: Path) -> None:
    many = ", ".join(f't{number} = "x"' for number in range(MOST_TAGS + 1))

    with pytest.raises(ConfigError, match="49 tags, expected at most 48"):
        load(tmp_path, f"tags = {{ {many} }}")


def test_a_password_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, 'pip_index_url = "https://aws:s3cret@d-1.example.org/simple/"')

    assert "account.pip_index_url: found a user or a password in it" in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_a_key_is_of_the_stages_region() -> None:
    account = Account(kms_key="arn:aws:kms:eu-west-1:123456789012:key/mrk-0a1b")

    assert key_problem(account, "eu-west-1") == ""
    assert "of eu-west-1, expected a key of us-east-1" in key_problem(account, "us-east-1")
    assert key_problem(Account(), "us-east-1") == ""


def test_each_wrong_field_has_a_line_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, 'role_path = "x"\npermissions_boundary = "y"\ntags = { "aws:z" = "" }')

    assert len(str(raised.value).splitlines()) == 3
