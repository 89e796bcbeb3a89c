"""The members of a JSON object that others wrote: each in the type that is asked for, or None."""

from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.boundary.text import one_line, printable, shown
from lambdas.gate.metrics import LARGEST, is_number

LONGEST = 2000  # characters of a text; those beyond are cut
MOST = 1000  # members of one list or object
MOST_PROBLEMS = 5


class Fields:
    """One object. A member that is missing or null is None; one of another type as well.

    `problems` then takes a line that says what was found, at most MOST_PROBLEMS lines in all. No
    text has control or direction characters, and no number is NaN, infinite, or beyond LARGEST.
    """

    def __init__(self, content: object, name: str, problems: list[str]) -> None:
        self._content: Mapping[str, Any] = content if isinstance(content, Mapping) else {}
        self._name, self._problems = name, problems
        if content is not None and not isinstance(content, Mapping):
            self._tell(name, content, "an object")

    def text(self, key: str) -> str | None:
        """The text of that name."""
        found = self._content.get(key)
        if isinstance(found, str):
            return printable(found[:LONGEST])
        self._refuse(key, found, "a text")
        return None

    def number(self, key: str) -> float | None:
        """The number of that name."""
        found = self._content.get(key)
        if is_number(found, -LARGEST, LARGEST):
            return found
        self._refuse(key, found, f"a number of at most {LARGEST:g}")
        return None

    def count(self, key: str) -> int | None:
        """The whole number of that name, 0 or above."""
        found = self._content.get(key)
        if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= LARGEST:
            return found
        self._refuse(key, found, "a whole number")
        return None

    def truth(self, key: str) -> bool | None:
        """The true or false of that name."""
        found = self._content.get(key)
        if isinstance(found, bool):
            return found
        self._refuse(key, found, "true or false")
        return None

    def inner(self, key: str) -> "Fields":
        """The object of that name; an empty one if there is none."""
        return Fields(self._content.get(key), f"{self._name}: {_named(key)}", self._problems)

    def each(self, key: str) -> "Iterator[Fields]":
        """The objects in the list of that name, the first MOST of them."""
        found = self._content.get(key)
        if not isinstance(found, list):
            self._refuse(key, found, "a list")
            return
        for number, member in enumerate(found[:MOST]):
            yield Fields(member, f"{self._name}: {_named(key)}[{number}]", self._problems)
        self._refuse_rest(key, len(found))

    def texts(self, key: str) -> dict[str, str]:
        """The texts in the object of that name."""
        inner = self.inner(key)
        found = {name: inner.text(name) for name in inner.names()}
        return {printable(name): text for name, text in found.items() if text is not None}

    def numbers(self, key: str) -> dict[str, float]:
        """The numbers in the object of that name."""
        inner = self.inner(key)
        found = {name: inner.number(name) for name in inner.names()}
        return {printable(name): number for name, number in found.items() if number is not None}

    def lines(self, key: str) -> tuple[str, ...]:
        """The texts in the list of that name, the first MOST of them."""
        found = self._content.get(key)
        if not isinstance(found, list):
            self._refuse(key, found, "a list")
            return ()
        for other in (each for each in found[:MOST] if not isinstance(each, str)):
            self._refuse(key, other, "texts")
        self._refuse_rest(key, len(found))
        return tuple(printable(each[:LONGEST]) for each in found[:MOST] if isinstance(each, str))

    def names(self) -> list[str]:
        """The names of the members, the first MOST of them."""
        self._refuse_rest("members", len(self._content))
        return list(self._content)[:MOST]

    def _refuse_rest(self, key: str, count: int) -> None:
        if count > MOST:
            self._tell(f"{self._name}: {key}", count, f"at most {MOST}")

    def _refuse(self, key: str, found: object, expected: str) -> None:
        if found is not None:
            self._tell(f"{self._name}: {_named(key)}", found, expected)

    def _tell(self, where: str, found: object, expected: str) -> None:
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(f"{where} is {shown(found)}, expected {expected}")


def _named(key: str) -> str:
    return one_line(key, 60)
