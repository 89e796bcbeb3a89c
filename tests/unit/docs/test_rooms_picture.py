"""docs/images/rooms.svg shows today's imports, and every room of the walk."""

import importlib.util
import sys
from dataclasses import replace
from types import ModuleType

import pytest

from tests.support.paths import PROJECT

SCRIPT = PROJECT / "docs/images/make_rooms_picture.py"


@pytest.fixture(scope="module")
def picture() -> ModuleType:
    """The script that draws it."""
    spec = importlib.util.spec_from_file_location("make_rooms_picture", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_that_of_todays_imports(picture):
    shown = picture.facts_in(picture.TARGET)
    assert shown == picture.facts(), "run python docs/images/make_rooms_picture.py"


def test_every_room_of_the_lambdas_and_the_jobs_has_a_row_and_words(picture):
    rows = {
        room for floors in picture.facts().floors.values() for floor in floors for room in floor
    }
    for folder in ("lambdas", "ml_scripts"):
        rooms = {path.parent.name for path in (PROJECT / folder).glob("*/__init__.py")}
        assert {f"{folder}.{room}" for room in rooms} <= rows
    assert rows | {picture.APP, *picture.FOLDERS} == set(picture.WORDS)


def test_no_arrow_leads_up(picture):
    facts = picture.facts()
    floors = [floor for folder in picture.FOLDERS for floor in facts.floors[folder]]
    height = {room: -number for number, floor in enumerate(floors) for room in floor}
    arrows = [(room, below) for room, imported in facts.rooms.items() for below in imported]
    assert arrows
    assert [(room, below) for room, below in arrows if height[room] <= height[below]] == []


def test_the_jobs_import_no_room_of_others(picture):
    for room, imported in picture.facts().rooms.items():
        if room.startswith("ml_scripts."):
            assert all(below.startswith("ml_scripts.") for below in imported)


def test_a_picture_says_what_it_shows(picture, tmp_path):
    facts = picture.facts()
    other = replace(facts, rooms=facts.rooms | {"lambdas.runs": ["lambdas.boundary"]})
    picture.draw(other, tmp_path / "rooms.svg")
    assert picture.facts_in(tmp_path / "rooms.svg") == other != facts
