"""Which instance this is, as SageMaker's file has it."""

import json

import pytest

from data.instances import ALONE, Instance, current


@pytest.mark.parametrize("number", [1, 2, 12])
def test_all_instances_count_in_the_same_order(tmp_path, number):
    hosts = [f"algo-{each}" for each in range(1, 13)]
    (tmp_path / "config").mkdir()
    numbers = set()
    for host in hosts:
        resources = {"current_host": host, "hosts": hosts[number:] + hosts[:number]}
        (tmp_path / "config/resourceconfig.json").write_text(json.dumps(resources))
        numbers.add(current(tmp_path))
    assert numbers == {Instance(each, 12) for each in range(1, 13)}


def test_without_the_file_there_is_one(tmp_path):
    assert current(tmp_path) == ALONE
