"""Debian's package, with small programs in PATH that answer as apt and dpkg do."""

from pathlib import Path

import pytest

from operations.data_sets import debian
from tests.fakes.terminal import RecordingReport

APT_GET = """#!/bin/sh
echo "$@" >> "$PWD/../calls"
case "$*" in
  *update*) exit 0 ;;
  *Dir::State::Lists=*download*) touch dataset-fashion-mnist_0.0_all.deb ;;
  *) echo "W: no matter" >&2; echo "E: Unable to locate package $2" >&2; exit 100 ;;
esac
"""
DPKG_DEB = """#!/bin/sh
mkdir -p "$3/usr/share/datasets/fashion-mnist"
touch "$3/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
"""
DPKG = """#!/bin/sh
printf '/.\\n/usr\\n/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz\\n'
"""


def programs(folder: Path, **scripts: str) -> str:
    """Write executable scripts into `folder` and return a PATH that has them first."""
    folder.mkdir()
    for name, text in scripts.items():
        script = folder / name.replace("_", "-")
        script.write_text(text)
        script.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


def test_an_installed_package_tells_where_its_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", dpkg=DPKG))
    assert debian.installed_folder() == Path("/usr/share/datasets/fashion-mnist")


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho /.\n"])
def test_a_package_that_is_not_installed_has_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", dpkg=script))
    assert debian.installed_folder() is None


def test_without_dpkg_nothing_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert debian.installed_folder() is None


def test_empty_package_lists_are_fetched_into_folders_of_our_own(
    tmp_path: Path, scratch: Path, report: RecordingReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = programs(tmp_path / "bin", apt_get=APT_GET, dpkg_deb=DPKG_DEB)
    monkeypatch.setenv("PATH", path)
    folder = debian.fetch(scratch, report)
    assert (folder / "train-images-idx3-ubyte.gz").is_file()
    assert folder.is_relative_to(scratch)
    plain, update, download = (tmp_path / "calls").read_text().splitlines()
    assert plain == "download dataset-fashion-mnist"
    assert update.endswith("update")
    assert f"Dir::State::Lists={scratch}/" in download


def test_the_reason_is_apts_own(
    tmp_path: Path, scratch: Path, report: RecordingReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline = "#!/bin/sh\necho 'W: noise' >&2\necho 'E: Could not resolve host' >&2\nexit 100\n"
    monkeypatch.setenv("PATH", programs(tmp_path / "bin", apt_get=offline, dpkg_deb=DPKG_DEB))
    with pytest.raises(debian.DebianError, match=r"^apt-get: E: Could not resolve host$"):
        debian.fetch(scratch, report)


def test_a_machine_without_apt_says_so(
    tmp_path: Path, scratch: Path, report: RecordingReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(debian.DebianError, match="apt-get is not on this machine"):
        debian.fetch(scratch, report)
