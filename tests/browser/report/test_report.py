"""The report in headless Chromium: nothing sticks out on a phone, and dark is dark.

Skipped where there is no Chromium: the other tests of the report parse it.
"""

import json
import re
import shutil
import subprocess
import sys

import pytest

from lambdas.report import report
from tests.support.paths import PROJECT

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--virtual-time-budget=5000",
)
DARK = "--blink-settings=preferredColorScheme=0"
PHONE = 390
# The page tells what it looks like; its policy would not let it, so that is taken out first.
MEASURE = """<script>
const seen = element => getComputedStyle(element);
parent.postMessage(JSON.stringify({
  wide: document.documentElement.scrollWidth,
  sections: [...document.querySelectorAll("section h2")].map(h => h.textContent.trim()),
  broken: [...document.images].filter(image => !image.naturalWidth).length,
  images: document.images.length,
  page: seen(document.body).backgroundColor,
  ink: seen(document.querySelector("svg text")).fill,
}), "*");
</script></body>"""
FRAME = """<meta name="color-scheme" content="light dark"><p id="found"></p>
<script>onmessage = told => found.textContent = told.data</script>
<iframe src="page.html" style="border: 0; width: %dpx; height: 6000px"></iframe>"""
# Writes the report of a small evaluation, as the Evaluate step does.
EVALUATE = """
import sys
from pathlib import Path
import numpy as np
from scoring import comparison, report
from scoring.metrics import as_json, score
from scoring.predictions import Predictions

random = np.random.default_rng(1)
labels = random.integers(0, 10, 300)
def scored(weight):
    probabilities = random.dirichlet(np.ones(10), 300) + weight * np.eye(10)[labels]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return score(Predictions(labels, probabilities.astype(np.float32)))
new, old = scored(0.3), scored(0.2)
latency = {"median": 1.0, "p95": 2.0, "batch": 1, "samples": 100}
model = {"size_bytes": 1, "weights_sha256": "ab" * 32, "parameters": 9, "latency_ms": latency}
arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/digits/1"
champion = {"model_package_arn": arn, **as_json(old), "model": model}
champion["comparison"] = comparison.compare(new, old, 0.95)
evaluation = {**as_json(new), "model": model, "dataset": {"test_samples": 300}}
evaluation["champion"] = champion
names = ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")
history = [{"epoch": float(e), **dict.fromkeys(names, 0.1 * e)} for e in (1, 2, 3)]
images = random.integers(0, 256, (300, 28, 28, 1), np.uint8)
report.write(Path(sys.argv[1]), evaluation, new, history, images=images, level=0.95)
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """The finished report of a run."""
    folder = tmp_path_factory.mktemp("evaluation")
    command = [sys.executable, "-c", EVALUATE, str(folder)]
    subprocess.run(command, check=True, cwd=PROJECT / "ml_scripts")
    run = json.loads((PROJECT / "tests/events/check_metrics.json").read_text())["run"]
    rule = {"rule": "accuracy >= 0.85", "value": 0.9, "bound": 0.85, "held": True, "said": "fine"}
    answer = {"decision": "register", "rules": [rule]}
    facts = {"run": run, "plan": {}, "answer": answer}
    return report.combined((folder / "report.html").read_text(), facts)


@pytest.fixture
def look(page, tmp_path):
    """Return a function that tells what the page looks like at some width."""

    def seen(width: int, *flags: str) -> dict:
        body = re.sub(r"<meta http-equiv[^>]*>", "", page).replace("</body>", MEASURE)
        (tmp_path / "page.html").write_text(body)
        frame = tmp_path / "frame.html"
        frame.write_text(FRAME % width)
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        command = [BROWSER, *FLAGS, *flags, profile, "--dump-dom", frame.as_uri()]
        shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
        return json.loads(re.search(r'<p id="found">(.*?)</p>', shown.stdout)[1])

    return seen


@pytest.mark.parametrize("width", [PHONE, 768, 1400])
def test_nothing_sticks_out(look, width):
    seen = look(width)
    assert seen["wide"] <= width
    assert seen["sections"][0] == "✓ Passed the gate"
    assert seen["sections"][-2:] == ["Cost", "Lineage"]
    assert (seen["images"], seen["broken"]) == (24, 0)


def test_light_and_dark_are_readable(look):
    light, dark = look(PHONE), look(PHONE, DARK)
    assert brightness(light["page"]) - brightness(light["ink"]) > 150
    assert brightness(dark["ink"]) - brightness(dark["page"]) > 150


def brightness(color: str) -> float:
    return sum(map(int, re.findall(r"\d+", color)[:3])) / 3
