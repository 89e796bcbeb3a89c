"""Untrusted values as short single lines that are safe in messages, logs and reports."""

import codecs

HUGE = 10**18
SHA256 = "[0-9a-f]{64}"


def one_line(text: str, longest: int = 1000) -> str:
    """Return ``text`` without control characters and line ends, cut to ``longest`` characters."""
    clean = " ".join(printable(text).split())
    return clean if len(clean) <= longest else clean[: longest - 3] + "..."


def printable(text: str) -> str:
    """Return ``text`` with a space for each character that is not to be printed as it is."""
    return "".join(c if c.isprintable() else " " for c in text)


def printable_lines(text: str) -> str:
    """Return ``text`` as ``printable`` does, but with its ends of lines and tabs."""
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)


def shown(value: object) -> str:
    """Return any JSON value as at most 60 ASCII characters; containers by their kind only."""
    kind = {dict: "an object", list: "a list", type(None): "null"}.get(type(value))
    # An integer of thousands of digits cannot be turned into text at all.
    if type(value) is int and abs(value) > HUGE:
        kind = "a huge number"
    return kind or one_line(ascii(value), 60)


def decoded(content: bytes) -> str:
    """Return what a file of UTF-8 holds, without the byte order mark that Windows' editors write.

    Raises ValueError in one line.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("encoded as UTF-16, expected UTF-8: save the file as UTF-8")
    return content.decode("utf-8-sig")


def units(text: str) -> int:
    """Return the length of ``text`` as AWS's APIs count it: in UTF-16, an emoji as two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, longest: int) -> str:
    """Return the beginning of ``text`` that an API takes whose bound is ``longest`` ``units``."""
    while units(text) > longest:
        text = text[: -max(1, (units(text) - longest) // 2)]
    return text
