"""How a request shows that a web page may have sent it."""

from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_OWN_SITE = ("none", "same-origin")


def of_a_web_page(host: str | None, origin: str | None, site: str | None) -> str:
    """Say how a request shows that a page of another site may have sent it; "" if it does not.

    The arguments are the headers Host, Origin and Sec-Fetch-Site, None for one that is not there.
    Browsers send Origin with what a page's scripts and forms ask for, and Sec-Fetch-Site with
    everything: https://www.w3.org/TR/fetch-metadata/. SDKs and the AWS CLI send neither. A page may
    also name a host of its own that resolves to 127.0.0.1.
    """
    if not is_loopback(host or ""):
        return f"The Host header is not loopback: {host!r}"
    if origin is not None:
        return f"A web page sent this request: {origin!r}"
    if site is not None and site not in _OWN_SITE:
        return f"A web page led to this request: Sec-Fetch-Site is {site!r}"
    return ""


def is_loopback(host: str) -> bool:
    """Tell whether a Host header names this machine's loopback (S3 may put a bucket before it)."""
    return names_loopback_only(host) or _name(host).endswith(".localhost")


def names_loopback_only(host: str) -> bool:
    """Tell whether a Host header names this machine's loopback, with no bucket before it."""
    return _name(host) in _LOOPBACK


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
