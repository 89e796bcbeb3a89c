"""What holds the order of the rooms knows each of them, and each script on top."""

import tomllib
from pathlib import Path

from tests.support.paths import PROJECT


def test_no_room_and_no_script_is_left_out(ml_scripts: Path) -> None:
    text = (PROJECT / ".importlinter-ml_scripts.toml").read_text(encoding="utf-8")
    linter = tomllib.loads(text)["tool"]["importlinter"]
    layers, circles, on_top = linter["contracts"]
    rooms = {path.parent.name for path in ml_scripts.glob("*/__init__.py")}
    scripts = {path.stem for path in ml_scripts.glob("*.py")} - {"__init__"}

    assert set(linter["root_packages"]) == rooms
    assert set(layers["layers"]) == set(circles["ancestors"]) == rooms
    assert set(on_top["source_modules"]) == rooms
    assert set(on_top["forbidden_modules"]) == scripts
