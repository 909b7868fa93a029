"""Who may ask the server of a page: the page itself, by its secret, and no other page that a browser shows.

Any web page can send requests to a port of this machine. It cannot know the secret of an address, and a browser says for which
host and from which page it asks.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

COOKIE = "nstk-{}"
"""The cookie that holds the secret, by the server's port."""

HEADER = b"x-nstk-token"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADERS = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""What every answer says: to load nothing from elsewhere, to be shown in no other page, to be kept nowhere."""


class Guard:
    """Refuses requests without the secret, for another host, and from another page."""

    def __init__(self, application: Application, port: int, token: str):
        self._application, self._token = application, token
        self._cookie = COOKIE.format(port)
        self._hosts = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}
        self._origins = {b"http://" + host for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if headers.get(b"host") not in self._hosts:
            await _refused(send, 421, "This server answers for this machine alone: open the address that nstk has printed.")
            return
        origin = headers.get(b"origin")
        if origin is not None and origin not in self._origins:
            await _refused(send, 403, "Another page may not ask this server.")
            return
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        known = given or headers.get(HEADER, b"").decode("latin-1") or self._in_cookie(headers.get(b"cookie", b""))
        if not secrets.compare_digest(known.encode(), self._token.encode()):
            await _refused(send, 403, "The address has no token, or a wrong one: open the address that nstk has printed.")
            return

        async def answer(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
                if given:
                    cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict"
                    message["headers"].append((b"set-cookie", cookie.encode()))
            await send(message)

        await self._application(scope, receive, answer)

    def _in_cookie(self, header: bytes) -> str:
        for part in header.decode("latin-1").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self._cookie:
                return value
        return ""


async def _refused(send: Send, status: int, sentence: str) -> None:
    body = sentence.encode() + b"\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
