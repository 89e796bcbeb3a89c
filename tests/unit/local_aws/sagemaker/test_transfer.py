import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.sagemaker.transfer import S3Uri, TransferError, files_below, relative_name


@pytest.mark.parametrize(
    ("key", "prefix", "name"),
    [
        ("data/a/x.txt", "data", "a/x.txt"),
        ("data/a/x.txt", "data/", "a/x.txt"),
        ("data/x.txt", "data/x.txt", "x.txt"),
        ("data/part-1/x.txt", "data/part-", "part-1/x.txt"),
        ("x.txt", "", "x.txt"),
        ("data//x.txt", "data", "x.txt"),
        ("a b+ü.txt", "", "a b+ü.txt"),
    ],
)
def test_a_file_is_named_by_the_part_of_the_key_after_the_prefix(
    key: str, prefix: str, name: str
) -> None:
    assert relative_name(key, prefix) == name


@pytest.mark.parametrize("key", ["data/../x", "data/a/../../x", "data/./x", "data/a\0b", "data/"])
def test_a_key_that_names_no_file_in_the_folder_is_refused(key: str) -> None:
    with pytest.raises(TransferError):
        relative_name(key, "data/")


@given(st.text(min_size=1), st.integers(min_value=0))
def test_no_key_leaves_the_folder(key: str, cut: int) -> None:
    try:
        name = relative_name(key, key[: cut % (len(key) + 1)])
    except TransferError:
        return

    assert name
    assert not name.startswith("/")
    assert ".." not in name.split("/")


def test_a_uri_is_taken_apart_and_extended() -> None:
    uri = S3Uri.parse("s3://bucket/runs/one/")

    assert (uri.bucket, uri.key) == ("bucket", "runs/one/")
    assert str(uri / "output" / "model.tar.gz") == "s3://bucket/runs/one/output/model.tar.gz"
    assert str(S3Uri.parse("s3://bucket") / "x") == "s3://bucket/x"


@pytest.mark.parametrize("text", ["bucket/key", "https://bucket/key", "s3://", "s3:///key", ""])
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(TransferError, match="s3://bucket/key"):
        S3Uri.parse(text)


def test_links_are_not_uploaded(tmp_path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "file").write_text("x")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "folder").symlink_to(tmp_path, target_is_directory=True)

    assert list(files_below(folder)) == [folder / "file"]
