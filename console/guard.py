"""Who may talk to the console: pages of its own, opened on this machine.

Loopback keeps other machines out, but not other pages in the same browser. A page that has its own
name point here (DNS rebinding) is known by the Host header, one that posts to here, or opens a
WebSocket, by Origin, which browsers always send then.
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HARMLESS = ("GET", "HEAD", "OPTIONS")

# Vue compiles templates in the page, and NiceGUI's pages start with an inline script: hence what is
# unsafe. Nothing is loaded from, or sent to, anywhere else.
# https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware: refuses what comes from elsewhere, and says what pages may load."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        problem = refusal(scope["type"], scope.get("method", "GET"), Headers(scope=scope))
        if problem is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": problem})
        else:
            await PlainTextResponse(problem + "\n", status_code=403)(scope, receive, send)


def refusal(kind: str, method: str, headers: Headers) -> str | None:
    """Why a request is refused, None if it is not. `kind` is ASGI's: http or websocket."""
    host = headers.get("host", "")
    if _hostname(host) not in LOOPBACK:
        return f"The Host header names {host!r}: the console answers on this machine alone"
    origin = headers.get("origin")
    if origin is None and (kind == "websocket" or method not in _HARMLESS):
        return "There is no Origin header: browsers send one"
    if origin is not None and origin.lower() != f"http://{host}".lower():
        return f"The request comes from a page of {origin!r}"
    return None


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)  # the report has a stricter policy of its own
        await send(message)

    return sending
