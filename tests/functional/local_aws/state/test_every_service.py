"""Whatever service is used, what was made in it outlives the server, or the documentation says no.

Takes some minutes: one or two things in each of moto's services, and what 500 operations answer.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.state.summary import summary
from tests.functional.local_aws.state.every_service import (
    NOTHING_IS_MADE,
    answers,
    make_roles,
    make_something,
    services,
)
from tests.support.killable import KillableAws
from tests.support.paths import PROJECT

# What is another at each call, or when another server is asked for the first time.
_VOLATILE = {
    "athena/ListWorkGroups",
    "ec2/DescribeVpcEndpointServices",
    "efs/DescribeFileSystems",
    "iam/GetUser",
    "iot/DescribeEndpoint",
    "iot/GetRegistrationCode",
    "secretsmanager/GetRandomPassword",
    "ses/GetSendStatistics",
    "sts/GetSessionToken",
}
# A certificate is validated a minute after it was asked for.
_LATER = {"acm/ListCertificates"}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_is_made_in_any_service_is_there_after_kill_9(tmp_path: Path) -> None:
    with KillableAws(tmp_path) as aws:
        make_roles(aws)
        every = services(aws)
        nothing = {service.name for service in every if not make_something(service)}
        before = {service.name: answers(service) for service in every}
        aws.kill_and_start()
        after = {service.name: answers(service) for service in every}
    assert nothing == NOTHING_IS_MADE
    told = summary(tmp_path)
    assert told["set_aside"] == []
    unwritten = {each["item"] for each in told["not_kept"]}
    lost = {name.partition("/")[0] for name in differing(before, after)}
    assert lost | unwritten == documented(), sorted(differing(before, after))


def differing(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Yield the operations that answer otherwise, as service/Operation."""
    for service, answered in before.items():
        for operation, answer in answered.items():
            name = f"{service}/{operation}"
            if name not in _VOLATILE | _LATER and after[service].get(operation) != answer:
                yield name


def documented() -> set[str]:
    """The services that docs/embedded-aws.md says are not kept, or not wholly."""
    text = (PROJECT / "docs" / "embedded-aws.md").read_text(encoding="utf-8")
    section = text.partition("### What is not kept")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.MULTILINE))
