"""The report of a run: the evaluation's page with the decision, the lineage and the cost put in.

The evaluation's page is trusted with nothing. It is taken only if it begins exactly as the
evaluation's template does, and so with a policy that keeps a browser from running or loading
anything, and only at its two marks is something put into it. Otherwise the page tells of the
decision alone. All that is rendered here is escaped.
"""

import functools
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from jinja2 import ChainableUndefined, Environment, FileSystemLoader

from lambdas.boundary.s3_objects import error_code, read_body, split_uri
from lambdas.runs import files

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

LARGEST = 8 * 1024 * 1024  # bytes
OPENING = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'\">\n"
)
DECISION_MARK, RUN_MARK = "<!-- retrain:decision -->", "<!-- retrain:run -->"
# By decision: a sign, words, and the colour that goes with them.
HEADLINES = {
    "register": ("✓", "Passed the gate", "good"),
    "keep_champion": ("=", "The champion stays", "warn"),
    "reject": ("✗", "Rejected by the gate", "bad"),
    "reproduced": ("✓", "Reproduced", "good"),
    "differs": ("✗", "Differs from the original", "bad"),
}
HELD = {
    True: ("✓", "held", "good"),
    False: ("✗", "not held", "bad"),
    None: ("–", "not judged", "soft"),
}


class UnusablePageError(Exception):
    """The evaluation's page is missing, damaged or too large."""


def write_report(s3: "S3Client", run: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Write the report of a decided run to its ``paths.report``.

    ``answer`` is what CheckMetrics decided, with the cost. An evaluation's page that cannot be used
    is logged and left out. Errors of S3 are raised as they are.
    """
    facts = {"run": run, "plan": _plan(s3, run), "answer": answer}
    try:
        page = combined(_evaluation_page(s3, run), facts)
    except UnusablePageError as error:
        log.warning(
            "report without evaluation", extra={"run_id": run["run_id"], "problem": str(error)}
        )
        page = _render("report.html.j2", opening=OPENING, problem=str(error), **facts)
    bucket, key = split_uri(run["paths"]["report"])
    body = page.encode("utf-8", "replace")  # JSON may name half a character
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/html; charset=utf-8")


def combined(page: str, facts: Mapping[str, Any]) -> str:
    """Put what ``facts`` tell into an evaluation's page. Raises UnusablePageError."""
    if not page.startswith(OPENING):
        raise UnusablePageError("it does not begin as the evaluation's template does")
    if not page.count(DECISION_MARK) == page.count(RUN_MARK) == 1:
        raise UnusablePageError("it does not have each of its two marks once")
    head, _, rest = page.partition(DECISION_MARK)
    body, mark, tail = rest.partition(RUN_MARK)
    if not mark:
        raise UnusablePageError("its two marks are in the wrong order")
    return (
        head + _render("decision.html.j2", **facts) + body + _render("run.html.j2", **facts) + tail
    )


def _evaluation_page(s3: "S3Client", run: Mapping[str, Any]) -> str:
    bucket, key = split_uri(f"{run['paths']['evaluation']}/report.html")
    try:
        content = read_body(s3.get_object(Bucket=bucket, Key=key)["Body"], LARGEST)
    except ClientError as error:
        if error_code(error) != "NoSuchKey":
            raise
        raise UnusablePageError("it is missing") from error
    if len(content) > LARGEST:
        raise UnusablePageError(f"it is larger than {LARGEST} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusablePageError(f"it is no UTF-8: {error.reason}") from error


def _plan(s3: "S3Client", run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what run.json adds to the run's state: who asked, why, and when."""
    try:
        return files.read(s3, f"{run['paths']['run']}/run.json") or {}
    except ValueError as error:
        log.warning("no plan", extra={"run_id": run["run_id"], "problem": str(error)})
        return {}


def _render(template: str, **facts: Any) -> str:
    return _environment().get_template(template).render(facts)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=ChainableUndefined,  # what is not known is left blank
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": _number, "dollars": _dollars, "duration": _duration}
    environment.globals |= {"HEADLINES": HEADLINES, "HELD": HELD}
    return environment


def _number(value: object, digits: int = 6) -> str:
    # The sum makes -0.0 a plain 0.
    return f"{value + 0:,.{digits}g}" if isinstance(value, int | float) else "–"


def _dollars(value: object) -> str:
    """Write an amount; small ones with more decimals than cents, or they would look free."""
    if not isinstance(value, int | float):
        return "no price"
    return f"${value:,.2f}" if value >= 1 else f"${value:.4f}"


def _duration(seconds: object) -> str:
    return f"{seconds:,.0f} s" if isinstance(seconds, int | float) else "–"
