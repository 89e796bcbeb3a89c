r"""Wildcards of event patterns: `*` stands for any characters, `\*` and `\\` for themselves.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching
"""

from collections.abc import Iterator, Sequence

# The most ways at once in which one value may be on its way to match. AWS documents that there is
# a limit and not which: 10 is believed. It refuses `*:*:*:*:*:event-bus/*` and four patterns of
# the form `*:stack/NAME/*`, and takes three of those.
_TOO_COMPLEX = 10
_MOST_STATES = 500
_STAR = None

_Token = str | None
_State = tuple[int, int]  # (wildcard, how many of its tokens are matched)


class WildcardError(ValueError):
    """EventBridge refuses the wildcard; the text is its reason."""


def check(wildcards: Sequence[str]) -> None:
    """Raise WildcardError for wildcards of one field that EventBridge refuses."""
    machines = [list(_tokens(wildcard)) for wildcard in wildcards]
    if _is_too_complex(machines):
        raise WildcardError(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating "
            "character sequences after a wildcard character"
        )


def holds(wildcard: str, value: str) -> bool:
    """Tell whether the wildcard stands for the value; raises WildcardError."""
    first, *rest = _literals(wildcard)
    if not rest:
        return value == first
    *middle, last = rest
    if not value.startswith(first):
        return False
    place = len(first)
    for literal in middle:
        place = value.find(literal, place)
        if place < 0:
            return False
        place += len(literal)
    return len(value) - place >= len(last) and value.endswith(last)


def _literals(wildcard: str) -> list[str]:
    """Return what stands before, between and after the stars."""
    literals = [""]
    for token in _tokens(wildcard):
        if token is _STAR:
            literals.append("")
        else:
            literals[-1] += token
    return literals


def _tokens(wildcard: str) -> Iterator[_Token]:
    """Yield characters and stars. Positions are told in bytes, behind an opening quote."""
    characters = iter(enumerate(wildcard))
    for index, character in characters:
        position = len(wildcard[:index].encode("utf-8", "surrogatepass")) + 1
        after = wildcard[index + 1 : index + 2]
        if character == "*" and after == "*":
            raise WildcardError(f"Consecutive wildcard characters at pos {position}")
        if character == "\\":
            if after not in ("*", "\\"):
                raise WildcardError(f"Invalid escape character at pos {position}")
            yield after
            next(characters)
        else:
            yield _STAR if character == "*" else character


def _is_too_complex(machines: list[list[_Token]]) -> bool:
    """Follow all values at once, by the states in which they may be."""
    alphabet = {token for tokens in machines for token in tokens}
    start = frozenset((number, 0) for number in range(len(machines)))
    seen, waiting = {start}, [start]
    while waiting and len(seen) < _MOST_STATES:
        states = waiting.pop()
        for character in alphabet:
            reached = [state for one in states for state in _next(machines, one, character)]
            if len(reached) >= _TOO_COMPLEX:
                return True
            if (ahead := frozenset(reached)) not in seen:
                seen.add(ahead)
                waiting.append(ahead)
    return False


def _next(machines: list[list[_Token]], state: _State, character: _Token) -> Iterator[_State]:
    """Yield the states to which a character leads; _STAR is one that no wildcard names."""
    number, place = state
    rest = machines[number][place : place + 2]
    if rest[:1] == [_STAR]:
        yield state
        rest, place = rest[1:], place + 1
    if character is not _STAR and rest[:1] == [character]:
        yield number, place + 1
