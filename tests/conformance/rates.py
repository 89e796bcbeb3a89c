"""How much of the recordings is answered as AWS did: `python -m tests.conformance.rates`.

Plays every case against the embedded AWS or, with `--plain-moto`, against moto's own server, and
prints what differs and a table by family, which docs/embedded-aws.md has. `--known` prints
tests/conformance/known.json anew, with the reasons of the present one.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

from local_aws.client import EmbeddedAws
from tests.conformance.comparison import Difference
from tests.conformance.outcomes import outcome
from tests.conformance.playing import Clients, play
from tests.conformance.recordings import MachineCase, PatternCase, read
from tests.support.roles import ROLE, ensure_role

KNOWN = Path(__file__).parent / "known.json"
Outcomes = dict[str, str]


def table(outcomes: dict[str, Outcomes]) -> str:
    """Return a Markdown table: a family a row; for each server its equal and nearly equal cases.

    `outcomes` has, by the name of a server, the outcome of each case by the case's name.
    """
    families = {case.name: case.family for case in read()}
    counts = {
        server: Counter((families[name], what) for name, what in found.items())
        for server, found in outcomes.items()
    }
    head = "".join(f" {server}: equal | but for wording |" for server in outcomes)
    rows = [f"| family | cases |{head}", "|---|---|" + "---|---|" * len(outcomes)]
    for family, cases in sorted(Counter(families.values()).items()):
        cells = "".join(_cells(count, family, cases) for count in counts.values())
        rows.append(f"| {family.replace('_', ' ')} | {cases} |{cells}")
    return "\n".join(rows)


def _cells(count: Counter[tuple[str, str]], family: str, cases: int) -> str:
    equal = count[family, "equal"]
    near = equal + count[family, "wording"]
    return f" {equal / cases:.0%} | {near / cases:.0%} |"


def known_outcomes(known: dict[str, dict[str, str]]) -> Outcomes:
    """Return the outcome of every case, as the list of known differences says it."""
    return {case.name: known.get(case.name, {"outcome": "equal"})["outcome"] for case in read()}


@contextmanager
def _embedded() -> Iterator[Clients]:
    with tempfile.TemporaryDirectory() as data, EmbeddedAws(Path(data)) as aws:
        ensure_role(aws)
        yield aws.client


@contextmanager
def _plain_moto() -> Iterator[Clients]:
    """Run moto's server without anything of the embedded AWS, which asks nobody for a role."""
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield partial(
        boto3.client,
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )
    server.stop()


def _played(client: Clients, case: MachineCase | PatternCase) -> list[Difference]:
    try:
        return play(case, client, ROLE)
    except Exception as error:  # whatever a server does to a client, the other cases go on
        return [Difference("$", "an answer", repr(error))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plain-moto", action="store_true", help="play against moto's own server")
    parser.add_argument("--known", action="store_true", help="print known.json anew")
    options = parser.parse_args()
    cases = read()
    server = _plain_moto if options.plain_moto else _embedded
    with server() as client, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(partial(_played, client), cases))
    outcomes = {case.name: outcome(of) for case, of in zip(cases, found, strict=True)}
    if options.known:
        before = json.loads(KNOWN.read_text("utf-8"))
        print(json.dumps(_listed(outcomes, before), indent=1, sort_keys=True))
        return
    for case, differences in zip(cases, found, strict=True):
        if differences:
            print(f"{case.name}: {outcomes[case.name]}", *differences, sep="\n    ")
    print(table({"moto" if options.plain_moto else "here": outcomes}))


def _listed(outcomes: Outcomes, before: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {
        name: {"outcome": what, "reason": before.get(name, {}).get("reason", "")}
        for name, what in outcomes.items()
        if what != "equal"
    }


if __name__ == "__main__":
    main()
