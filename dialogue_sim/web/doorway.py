"""Who may come in: every request passes here first.

- The `Host` must be a name of this server, so that no foreign page can reach it through a name of its own
  (DNS rebinding).
- What changes something must come from this site's own pages (`Sec-Fetch-Site`, `Origin`, and a token in
  the form that only they contain).
- Where others than this machine can reach the server, a secret in the address opens it, once a browser.
- Every answer carries the headers that keep a browser from running, framing or leaking anything.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import socket
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

VISITOR, ENTRY = "dialogue_sim_visitor", "dialogue_sim_entry"
_YEAR = 365 * 24 * 3600
_SAFE = {"GET", "HEAD"}

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}


class Door:
    """What the doorway goes by.

    Args:
        host: the address the server listens on.
        port: likewise.
        names: further names under which browsers reach it (behind a proxy, or in a class's network).
        token: the secret in the address; empty where only this machine can reach the server.
        secret: signs the tokens in forms; kept with the store, so that forms outlive a restart.
    """

    def __init__(
        self, host: str, port: int, *, names: Sequence[str] = (), token: str = "", secret: str
    ) -> None:
        self.token = token
        self._secret = secret.encode()
        self._open = not is_loopback(host)
        own = {"localhost", "127.0.0.1", "::1", host.lower(), *(name.lower() for name in names)}
        self._names = own | ({socket.gethostname().lower()} if self._open else set())
        self._proxied = {name.lower() for name in names}
        self._port = port

    def knows(self, host: str) -> bool:
        """Whether a `Host` header names this server."""
        name, _, port = host.lower().rpartition(":") if _has_port(host) else (host.lower(), "", "80")
        bare = name.strip("[]")
        if bare in self._proxied:  # a proxy answers on a port of its own
            return True
        # An address cannot be pointed elsewhere by a foreign name server; a name can.
        return port == str(self._port) and (bare in self._names or (self._open and _is_address(bare)))

    def form_token(self, visitor: str) -> str:
        """What a visitor's forms must contain."""
        return hmac.new(self._secret, f"form {visitor}".encode(), hashlib.sha256).hexdigest()[:32]

    def pseudonym(self, text: str) -> str:
        """A stable name for something whose own name must not be seen (12 hex digits)."""
        return hmac.new(self._secret, f"name {text}".encode(), hashlib.sha256).hexdigest()[:12]

    def admits(self, given: str) -> bool:
        """Whether a token is the right one."""
        return not self.token or hmac.compare_digest(given.encode(), self.token.encode())


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _has_port(host: str) -> bool:
    return host.rpartition("]")[2].count(":") == 1


class Doorway:
    """The ASGI layer around the application."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        cookies = _cookies(scope)
        new = VISITOR not in cookies
        scope["visitor"] = secrets.token_urlsafe(16) if new else cookies[VISITOR][:64]
        refusal = self._refusal(scope, cookies)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if new and refusal is None:
                    headers.append("set-cookie", _cookie(VISITOR, scope["visitor"]))
            await send(message)

        await (refusal or self._app)(scope, receive, answer)

    def _refusal(self, scope: Scope, cookies: dict[str, str]) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._door.knows(host):
            return PlainTextResponse("This server does not answer to that name.\n", status_code=421)
        if scope["method"] not in _SAFE and not _from_here(headers, host):
            return PlainTextResponse("Refused: the request came from another site.\n", status_code=403)
        if scope["path"].startswith("/static/") or self._door.admits(cookies.get(ENTRY, "")):
            return None
        return self._entrance(scope)

    def _entrance(self, scope: Scope) -> Response:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"))) if scope["method"] in _SAFE else {}
        given = query.pop("token", "")
        if not given or not self._door.admits(given):
            return HTMLResponse(_ENTRANCE, status_code=401)
        rest = f"?{urlencode(query)}" if query else ""
        path = "/" + scope["path"].lstrip("/\\")  # never another host
        response = RedirectResponse(f"{path}{rest}", status_code=303)
        response.headers.append("set-cookie", _cookie(ENTRY, given))
        return response


def _from_here(headers: Headers, host: str) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == host


def _cookies(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in Headers(scope=scope).getlist("cookie"):
        try:
            found |= {name: morsel.value for name, morsel in SimpleCookie(value).items()}
        except CookieError:
            continue
    return found


def _cookie(name: str, value: str) -> str:
    return f"{name}={value}; Path=/; Max-Age={_YEAR}; HttpOnly; SameSite=Lax"


_ENTRANCE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>dialogue-sim</title><link rel="stylesheet" href="/static/style.css"><link rel="stylesheet" href="/static/site.css"></head>
<body><main class="narrow"><h1>dialogue-sim</h1>
<p>请输入启动服务时显示的访问口令。<br><span lang="en">Enter the access token that was shown when the server was started.</span></p>
<form method="get" class="stack"><label for="token">口令 · <span lang="en">Token</span></label>
<input id="token" name="token" type="password" autocomplete="off" required autofocus>
<button class="main">进入 · <span lang="en">Enter</span></button></form></main></body></html>
"""
