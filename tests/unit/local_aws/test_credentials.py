"""The key of a data folder."""

from pathlib import Path

import pytest

from local_aws.credentials import make_key, read_key


def test_a_folder_keeps_its_key(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    assert make_key(tmp_path) == read_key(tmp_path) == key
    assert (tmp_path / "key.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        "{torn",
        '{"access_key_id": "A"}',
        '{"access_key_id": "", "secret_access_key": ""}',
        '{"access_key_id": 1, "secret_access_key": 2}',
        '{"access_key_id": "Ä", "secret_access_key": "s"}',
    ],
)
def test_a_file_that_holds_no_key_is_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / "key.json").write_text(content, encoding="utf-8")
    key = make_key(tmp_path)
    assert len(key.access_key_id) > 20
    assert read_key(tmp_path) == key
