"""What one service says inside of another is written anew in the form of the one that was asked."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.server.inner_errors import _answer, read


class Service:
    """Stands for moto's answering of one service: gives back what it is to write."""

    def __init__(self, name: str) -> None:
        self.boto3_service_name = name

    def serialized(self, answer: Any) -> tuple[str, str]:
        return answer.result.code, answer.result.message


def test_the_error_of_a_client_keeps_its_code_and_message() -> None:
    def refused(_response: Any) -> Any:
        told = {"Error": {"Code": "InvalidParameterValueException", "Message": "Could not unzip"}}
        raise ClientError(told, "CreateFunction")

    found = _answer(refused, Service("cloudformation"))  # type: ignore[arg-type]

    assert found == ("InvalidParameterValueException", "Could not unzip")


@pytest.mark.parametrize(
    ("service", "body", "told"),
    [
        ("cloudformation", '{"__type": "a#NoSuch", "message": "b"}', ("NoSuch", "b")),
        ("cloudformation", "Could not unzip", ("ValidationError", "Could not unzip")),
        ("cloudformation", "<ErrorResponse/>", None),
        ("stepfunctions", "not this way", ("ValidationException", "not this way")),
        ("stepfunctions", "{}", None),
        ("stepfunctions", "", None),
    ],
)
def test_a_body_in_another_form_is_written_anew(
    service: str, body: str, told: tuple[str, str] | None
) -> None:
    answer = (400, {}, body)

    found = _answer(lambda _response: answer, Service(service))  # type: ignore[arg-type]

    assert found == (told or answer)


@pytest.mark.parametrize("text", ["[]", "null", '"a"', "{}", '{"__type": 1}', "{"])
def test_what_is_no_error_is_a_text(text: str) -> None:
    assert read(text, "ValidationError") == ("ValidationError", text)
