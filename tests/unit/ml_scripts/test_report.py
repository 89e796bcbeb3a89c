"""The report: one self-contained page that escapes what it did not make itself."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import report
from metrics import classification_metrics

RANDOM = np.random.default_rng(5)
LABELS = RANDOM.integers(0, 3, 60)
METRICS = {
    name: classification_metrics(LABELS, RANDOM.dirichlet(np.ones(3), 60))
    for name in ("new", "champion")
}
HISTORY = [
    {
        "epoch": float(epoch),
        "loss": 1 / epoch,
        "accuracy": 0.5,
        "val_loss": 1.0,
        "val_accuracy": 0.6 - abs(epoch - 2) / 10,
        "seconds": 1.25,
    }
    for epoch in (1, 2, 3)
]


def _write(folder, champion=None, history=HISTORY) -> str:
    evaluation = {
        report.METRICS: METRICS["new"],
        "dataset": {"test_samples": 60},
        "champion": champion,
    }
    report.write(folder, evaluation, history)
    return (folder / "report.html").read_text(encoding="utf-8")


class _References(HTMLParser):
    """Collects every address that the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag, attrs):
        names = {"src", "href", "xlink:href"}
        self.addresses += [value for name, value in attrs if name in names and value]


@pytest.fixture
def scored():
    return {"model_package_arn": "arn:champion/1", report.METRICS: METRICS["champion"]}


def test_the_page_loads_nothing_from_elsewhere(tmp_path, scored):
    page = _write(tmp_path, scored)
    references = _References()
    references.feed(page)
    assert references.addresses
    assert all(address.startswith(("#", "data:")) for address in references.addresses)
    assert "<script" not in page
    assert "url(http" not in page
    assert "prefers-color-scheme: dark" in page


def test_charts_take_the_pages_colour_and_stand_beside_it_as_png(tmp_path, scored):
    page = _write(tmp_path, scored)
    names = {"curves", "confusion_matrix", "class_precision", "class_recall"}
    assert page.count("<svg") == len(names)
    assert "#010203" not in page
    assert {path.stem for path in tmp_path.glob("*.png")} == names
    for path in tmp_path.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_same_evaluation_gives_the_same_page(tmp_path, scored):
    assert _write(tmp_path, scored) == _write(tmp_path, scored)


def test_metrics_stand_beside_the_champions(tmp_path, scored):
    page = re.sub(r"\s+", " ", _write(tmp_path, scored))
    mine, theirs = (METRICS[name]["loss"]["value"] for name in ("new", "champion"))
    better = "good" if mine < theirs else "bad"
    assert f'<td>{theirs:.4f}</td> <td class="{better}">{mine - theirs:+.4f}</td>' in page
    assert "arn:champion/1" in page


def test_no_champion_yet_is_said(tmp_path):
    assert "There is no champion yet." in _write(tmp_path)


def test_what_comes_from_outside_is_escaped(tmp_path):
    champion = {"model_package_arn": "<script>arn</script>", "error": "<img src=x onerror=y>"}
    page = _write(tmp_path, champion)
    assert "&lt;script&gt;arn" in page
    assert "could not be scored: &lt;img src=x onerror=y&gt;" in page
    assert "<img" not in page


def test_a_model_without_a_history_has_no_curves(tmp_path):
    page = _write(tmp_path, history=[])
    assert "Loss and accuracy over the epochs" not in page
    assert not (tmp_path / "curves.png").exists()


def test_the_best_epoch_is_marked(tmp_path):
    assert '<tr class="best"><td>2</td>' in _write(tmp_path)
