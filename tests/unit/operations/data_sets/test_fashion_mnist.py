"""Getting Fashion-MNIST: the order of the ways, the digests, the cache, what goes wrong."""

import gzip
import hashlib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from operations.data_sets import fashion_mnist as datasets
from operations.data_sets import upstream
from operations.data_sets.fashion_mnist import (
    NothingThereError,
    Pin,
    Source,
    SourceError,
    fashion_mnist,
)
from operations.errors import DatasetNotFoundError, InputError
from tests.fakes.terminal import RecordingReport

CONTENTS = {name: f"content of {name}".encode() * 1000 for name in datasets.PINS}
PINS = {
    name: Pin(hashlib.sha256(content).hexdigest(), len(content))
    for name, content in CONTENTS.items()
}


def files_in(folder: Path, **changed: bytes) -> Path:
    """Write the four files; `changed` replaces the raw bytes of those named."""
    folder.mkdir()
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(gzip.compress(content))
    for stem, raw in changed.items():
        (folder / f"{stem.replace('_', '-')}-ubyte.gz").write_bytes(raw)
    return folder


def way(name: str, folder: Path) -> Source:
    return Source(name, lambda *_: folder)


def failing(name: str, error: Exception) -> Source:
    def provide(*_: object) -> Path:
        raise error

    return Source(name, provide)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "project" / "data" / "fashion-mnist"


@pytest.fixture
def website(tmp_path: Path) -> Iterator[str]:
    """A server on loopback that stands for the upstream project."""
    folder = files_in(tmp_path / "website")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_ways_come_in_the_order_of_their_cost(tmp_path: Path) -> None:
    names = [source.name for source in datasets.sources(tmp_path / "cache", tmp_path)]
    assert names[0] == f"the folder {tmp_path}"
    assert names[1] == "the project's cache"
    assert "Debian" in names[2]
    assert "Debian" in names[3]
    assert names[4:] == list(upstream.MIRRORS)
    assert names[4].startswith("https://")


def test_checked_files_are_copied_into_the_cache(
    tmp_path: Path, cache: Path, report: RecordingReport
) -> None:
    folder = files_in(tmp_path / "given")
    found = fashion_mnist(cache, report, ways=[way("a folder", folder)], pins=PINS)
    assert found == cache
    assert {file.name for file in cache.iterdir()} == set(PINS)
    assert [entry.name for entry in cache.parent.iterdir()] == ["fashion-mnist"]
    assert report.warned == []


def test_a_good_cache_is_used_before_anything_is_fetched(
    cache: Path, report: RecordingReport
) -> None:
    cache.parent.mkdir(parents=True)
    files_in(cache)
    ways = [way("the cache", cache), failing("the network", AssertionError("not to be asked"))]
    assert fashion_mnist(cache, report, ways=ways, pins=PINS) == cache


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (gzip.compress(b"other content"), "sha256"),
        (gzip.compress(CONTENTS["t10k-labels-idx1-ubyte.gz"] + b"more"), "sha256"),
        (gzip.compress(CONTENTS["t10k-labels-idx1-ubyte.gz"])[:-12], "not a whole gzip file"),
        (b"<html>not found</html>", "not a whole gzip file"),
    ],
    ids=["other content", "more content", "cut off", "no gzip"],  # gzip writes the time into bytes
)
def test_a_bad_file_is_named_and_the_next_way_is_tried(
    tmp_path: Path, cache: Path, report: RecordingReport, raw: bytes, problem: str
) -> None:
    bad = files_in(tmp_path / "bad", t10k_labels_idx1=raw)
    good = files_in(tmp_path / "good")
    fashion_mnist(cache, report, ways=[way("first", bad), way("second", good)], pins=PINS)
    assert len(report.warned) == 1
    assert report.warned[0].startswith("first: ")
    assert "t10k-labels-idx1-ubyte.gz" in report.warned[0]
    assert problem in report.warned[0]
    datasets.check(cache, PINS)


def test_a_gzip_bomb_is_read_no_further_than_the_pinned_size(tmp_path: Path) -> None:
    bomb = files_in(tmp_path / "bomb", t10k_labels_idx1=gzip.compress(bytes(50_000_000)))
    small = {"t10k-labels-idx1-ubyte.gz": Pin("0" * 64, 100)}
    with pytest.raises(SourceError, match=hashlib.sha256(bytes(101)).hexdigest()):
        datasets.check(bomb, small)


def test_a_bad_cache_is_replaced(tmp_path: Path, cache: Path, report: RecordingReport) -> None:
    cache.parent.mkdir(parents=True)
    files_in(cache, train_labels_idx1=b"")
    ways = [way("the cache", cache), way("a folder", files_in(tmp_path / "good"))]
    fashion_mnist(cache, report, ways=ways, pins=PINS)
    datasets.check(cache, PINS)
    assert [entry.name for entry in cache.parent.iterdir()] == ["fashion-mnist"]


def test_without_any_way_one_error_names_all_with_their_reasons(
    tmp_path: Path, cache: Path, report: RecordingReport
) -> None:
    ways = [
        failing("the cache", NothingThereError("not there yet")),
        failing("Debian", SourceError("apt-get is not on this machine")),
        failing("https://example.org/", OSError("timed out")),
    ]
    with pytest.raises(DatasetNotFoundError) as raised:
        fashion_mnist(cache, report, ways=ways, pins=PINS)
    message = str(raised.value)
    assert "the cache: not there yet" in message
    assert "Debian: apt-get is not on this machine" in message
    assert "https://example.org/: timed out" in message
    assert "--data" in raised.value.next_step
    assert not any("not there yet" in warning for warning in report.warned)
    assert not cache.exists()


def test_a_given_folder_that_is_not_there_is_an_error_at_once(
    tmp_path: Path, cache: Path, report: RecordingReport
) -> None:
    with pytest.raises(InputError, match="nowhere is not a folder"):
        fashion_mnist(cache, report, given=tmp_path / "nowhere")


def test_upstream_files_are_downloaded_with_their_sizes(
    tmp_path: Path, website: str, cache: Path, report: RecordingReport
) -> None:
    def provide(scratch: Path, told: datasets.Report) -> Path:
        return upstream.download(website, list(PINS), scratch, told)

    fashion_mnist(cache, report, ways=[Source(website, provide)], pins=PINS)
    assert len(report.expected) == len(PINS)
    assert report.moved == sum(size or 0 for _, size in report.expected)
    assert report.moved == sum(file.stat().st_size for file in cache.iterdir())


def test_a_missing_upstream_file_is_an_os_error(
    tmp_path: Path, website: str, report: RecordingReport
) -> None:
    with pytest.raises(OSError, match="404"):
        upstream.download(website, ["missing.gz"], tmp_path, report)


def test_an_upstream_file_has_a_greatest_length(
    tmp_path: Path, website: str, report: RecordingReport
) -> None:
    with pytest.raises(OSError, match="longer than 10 bytes"):
        upstream.download(website, list(PINS)[:1], tmp_path, report, at_most=10)
