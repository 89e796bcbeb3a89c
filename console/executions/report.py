"""The report of a run, given on as a page that can do nothing.

It comes from the bucket, where more may write than may use the console. As a document of an origin
of its own, without scripts, forms and anything to load, it reaches neither the console nor anybody.
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy/sandbox
"""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from starlette.responses import PlainTextResponse, Response

from console.problems import in_words
from lambdas.boundary.s3_objects import error_code, read_body
from lambdas.report.report import LARGEST
from lambdas.runs.executions import run_id

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The report's own policy, and a sandbox that allows nothing.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox"
)


def response(s3: "S3Client", bucket: str, execution_arn: str) -> Response:
    """The report of the execution's run.

    Its key follows from the execution's name: nothing that a run says leads to another object.
    """
    try:
        found = s3.get_object(Bucket=bucket, Key=f"runs/{run_id(execution_arn)}/report.html")
        content = read_body(found["Body"], 2 * LARGEST)
    except ClientError as error:
        if error_code(error) == "NoSuchKey":
            return PlainTextResponse("This run has no report", 404)
        return PlainTextResponse(in_words(error), 502)
    except BotoCoreError as error:
        return PlainTextResponse(in_words(error), 502)
    if len(content) > 2 * LARGEST:
        return PlainTextResponse("The report is too large to be shown", 502)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return Response(content, headers=headers, media_type="text/html; charset=utf-8")
