"""What is advised to allow namespaces, by the settings of a kernel."""

from pathlib import Path

import pytest

from local_aws.containers.permission import advice


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user/max_user_namespaces", "0"),
        ("kernel/unprivileged_userns_clone", "0"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1"),
    ],
)
def test_the_setting_that_forbids_them_is_named(tmp_path: Path, name: str, value: str) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(f"{value}\n")
    assert f"sysctl -w {name.replace('/', '.')}=" in advice(tmp_path)


def test_where_no_setting_forbids_them_something_around_does(tmp_path: Path) -> None:
    assert "CAP_SYS_ADMIN" in advice(tmp_path)
