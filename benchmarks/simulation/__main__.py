"""What the design costs and where it bends, at 10, 1,000 and 100,000 retrainings a day.

A discrete-event simulation in SimPy of one account: uploads, events, the trigger, the definition of
the state machine as `retrain deploy` would build it from pipeline.toml, its three jobs, and what
AWS allows of each. docs/scale.md says what came out and what follows from it. It takes some seconds
and says the same each time:

    python -m benchmarks.simulation            # print the tables
    python -m benchmarks.simulation --write    # put them into docs/scale.md, and draw its picture
"""

import argparse
from collections.abc import Mapping

from benchmarks.simulation import picture, prices
from benchmarks.simulation import tables as simulation_tables
from benchmarks.simulation.prices import Figures
from benchmarks.simulation.scenarios import (
    BURSTS,
    LOADS,
    PROJECT,
    WARM,
    WITHOUT_A_LINE,
    Design,
    Outcome,
    design,
    simulate,
)

DOCUMENT = PROJECT / "docs" / "scale.md"
PICTURE = PROJECT / "docs" / "images" / "scale.png"
SHOWN_HOURS = {"10": 24, "1,000": 24, "100,000": 3}


def main() -> None:
    """Print the tables, or write them down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write docs/scale.md and its picture")
    write = parser.parse_args().write
    figures = prices.load()
    of = design(figures.region)
    outcomes = simulated(of, figures)
    tables = tables_of(outcomes, of, figures)
    if write:
        document = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(filled(document, tables), encoding="utf-8")
        picture.draw(outcomes, SHOWN_HOURS, PICTURE)
    else:
        print(as_text(tables))


def simulated(of: Design, figures: Figures) -> dict[str, list[Outcome]]:
    """Simulate every scenario of every load."""
    return {
        load: [simulate(scenario, of, figures) for scenario in scenarios]
        for load, scenarios in LOADS.items()
    }


def tables_of(
    outcomes: Mapping[str, list[Outcome]], of: Design, figures: Figures
) -> dict[str, str]:
    """The tables of docs/scale.md by the name that they have there."""
    alone = simulate(WITHOUT_A_LINE, of, figures)
    return {
        "ceilings": simulation_tables.ceilings(alone),
        "bursts": simulation_tables.bursts([simulate(burst, of, figures) for burst in BURSTS]),
        "warm": simulation_tables.warm(
            [[simulate(scenario, of, figures) for scenario in load] for load in WARM],
            of.memory_gb,
        ),
        **{load: simulation_tables.loads(of_it, of.memory_gb) for load, of_it in outcomes.items()},
        "figures": simulation_tables.sources(figures),
    }


def as_text(tables: Mapping[str, str]) -> str:
    """The tables, each under its name."""
    return "\n\n".join(f"{name}\n\n{table}" for name, table in tables.items())


def filled(document: str, tables: Mapping[str, str]) -> str:
    """Put each table between its two marks in the document.

    Raises ValueError where the document has no place for one.
    """
    for name, table in tables.items():
        begin, end = f"<!-- simulated: {name} -->\n\n", "\n\n<!-- end -->"
        before, found, rest = document.partition(begin)
        if not found or end not in rest:
            raise ValueError(f"no {begin.strip()} with an end in the document")
        document = before + begin + table + rest[rest.index(end) :]
    return document


if __name__ == "__main__":
    main()
