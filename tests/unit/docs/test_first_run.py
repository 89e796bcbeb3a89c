"""docs/first-run.md names every place in the product that believes something of AWS."""

import re

from tests.support.paths import PROJECT

PAGE = PROJECT / "docs/first-run.md"
# The table of what the embedded AWS differs in, or believes, is docs/embedded-aws.md.
PRODUCT = ("lambdas", "state_machine")
BELIEF = re.compile(r"we believe|is believed|are believed")


def believing() -> set[str]:
    files = (path for folder in PRODUCT for path in (PROJECT / folder).rglob("*.py"))
    return {
        str(path.relative_to(PROJECT))
        for path in files
        if BELIEF.search(" ".join(path.read_text(encoding="utf-8").replace("#", " ").split()))
    }


def test_each_belief_of_the_product_is_in_the_table() -> None:
    _, table = PAGE.read_text(encoding="utf-8").split("## Believed")
    named = set(re.findall(r"`([\w/]+\.py)`", table.split("## Unknown")[0]))

    assert len(believing()) > 5
    assert believing() <= named, f"docs/first-run.md lacks {sorted(believing() - named)}"
    assert {path for path in named if not path.startswith("local_aws")} <= believing()
