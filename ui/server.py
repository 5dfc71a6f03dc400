"""Serves the page on this computer, under a policy that has the browser refuse any request to another host."""

from __future__ import annotations

import errno
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import fastapi
import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import InputError
from rag.text import Script
from ui.desk import Desk
from ui.exports import exports
from ui.i18n import LANGUAGE_COOKIE, WORDS, reader_script

# What the browser may do for this page: talk to this server. Gradio's front end needs inline scripts and `eval`.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)


# By these Gradio hands on files of this computer and addresses of other sites as this one's own; nothing here needs it.
_RELAYS = tuple(f"{root}/{name}" for root in ("", "/gradio_api") for name in ("file", "proxy", "stream"))


@dataclass(frozen=True, slots=True)
class Served:
    """A page that is being served. `address` is what a reader opens."""

    address: str
    _server: uvicorn.Server
    _thread: threading.Thread

    def wait(self) -> None:
        """Block until the page is stopped."""
        self._thread.join()

    def stop(self) -> None:
        """Stop serving, and free the port."""
        self._server.should_exit = True
        self._thread.join(timeout=10)


def start(
    desk: Desk, *, host: str = "127.0.0.1", port: int = 7860, mcp: bool = False, names: Sequence[str] = ()
) -> Served:
    """Serve the page in a thread of its own; port 0 takes any free one.

    `names`: others that the page is opened under, as behind a proxy that keeps the name it was asked by.
    With `mcp` agents can use it too, at /gradio_api/mcp/. Raises InputError for an unusable address, or when a package
    is missing for that.
    """
    from ui.api import require_mcp  # which loads Gradio
    from ui.app import mount

    if mcp:
        require_mcp()

    listener = _listen(host, port)
    port = listener.getsockname()[1]
    pages: dict[Script, fastapi.FastAPI] = {}
    for script in WORDS:
        pages[script] = _app()
        mount(pages[script], desk, script, host=host, port=port, mcp=mcp and script == reader_script(""))
    outer = _app(lifespan=_Together(pages.values()))
    outer.add_middleware(_SameOrigin)
    outer.add_middleware(_Headers)
    outer.add_middleware(_KnownNames, host=host, names=names)
    outer.include_router(exports(desk))
    outer.mount("/", _ByLanguage(pages))
    server = uvicorn.Server(uvicorn.Config(outer, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listener],), name="jianbao-page", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    desk.start()
    shown = f"[{host}]" if ":" in host else host
    return Served(f"http://{shown}:{port}/", server, thread)


def serve(
    desk: Desk, *, host: str = "127.0.0.1", port: int = 7860, mcp: bool = False, names: Sequence[str] = ()
) -> None:
    """Serve the page, whose address is printed to stderr, until Ctrl-C. Raises what `start` raises."""
    served = start(desk, host=host, port=port, mcp=mcp, names=names)
    sys.stderr.write(f"jianbao: {served.address} (Ctrl-C stops it)\n")
    if mcp:
        sys.stderr.write(f"jianbao: for agents (MCP): {served.address}gradio_api/mcp/\n")
    try:
        served.wait()
    except KeyboardInterrupt:
        served.stop()


def _app(**more: Any) -> fastapi.FastAPI:
    return fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None, **more)


class _Together:
    """The lifespans of several applications as one, as a mounted application's own is not run."""

    def __init__(self, apps: Iterable[fastapi.FastAPI]) -> None:
        self._apps = apps

    @asynccontextmanager
    async def __call__(self, _: fastapi.FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in self._apps:
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield


class _ByLanguage:
    """Hands a request to the page in its reader's language: the one that was chosen, else the browser's first."""

    def __init__(self, pages: Mapping[Script, ASGIApp]) -> None:
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        accepted, chosen = connection.headers.get("accept-language", ""), connection.cookies.get(LANGUAGE_COOKIE, "")
        await self._pages[reader_script(accepted, chosen)](scope, receive, send)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that holds the port, so that nothing can take it between looking and serving."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None)
        if number == errno.EADDRINUSE:
            raise InputError(f"Port {port} is already in use; close what uses it, or choose another --port.") from error
        if isinstance(error, socket.gaierror) or number == errno.EADDRNOTAVAIL:
            raise InputError(f"{host} is not an address of this computer; choose another --host.") from error
        raise InputError(
            f"The page cannot be served at {host}, port {port}: {error}. Choose another --port."
        ) from error


class _KnownNames:
    """Answers under the names and addresses of this computer only.

    Else a site could reach the page from a visitor's browser, by pointing its own name here for a moment.
    """

    def __init__(self, app: ASGIApp, host: str, names: Sequence[str] = ()) -> None:
        self._app = app
        self._names = {"localhost", "127.0.0.1", "::1"}
        self._any_address = host not in self._names
        self._names |= set(map(_name, names))
        if self._any_address:
            own = socket.gethostname()
            self._names |= {host, *map(_name, (host, own, f"{own}.local", socket.getfqdn()))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not self._knows(HTTPConnection(scope).headers.get("host", "")):
            sentence = (
                "This page is not known under that name; open it by this computer's own name or address, "
                "or start it with --name."
            )
            await PlainTextResponse(sentence, 400)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _knows(self, given: str) -> bool:
        name = _name(given)
        if name and name in self._names:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return self._any_address


def _name(given: str) -> str:
    """The name or address of a Host header, without port and brackets; empty where there is none.

    >>> [_name(given) for given in ("Archive.example.:7860", "[::1]:80", "[::1", "")]
    ['archive.example', '::1', '', '']
    """
    try:
        return (urlsplit(f"//{given}").hostname or "").rstrip(".")
    except ValueError:
        return ""


class _SameOrigin:
    """Refuses what a page of another site has a browser send here: it could ask, upload, remove and have files made.

    Only the page itself can be opened from there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            headers, path = HTTPConnection(scope).headers, scope["path"]
            origin = headers.get("origin", "")
            reading = scope.get("method") in ("GET", "HEAD")
            foreign = bool(origin) and origin.partition("://")[2] != headers.get("host")
            if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
                foreign = foreign or not reading or path != "/" or headers.get("sec-fetch-dest") != "document"
            if foreign:
                await PlainTextResponse("Only this page's own requests are answered.", 403)(scope, receive, send)
                return
            if path.startswith(_RELAYS):
                await PlainTextResponse("There is nothing here.", 404)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Headers:
    """Adds the policy to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY
                headers["Referrer-Policy"] = "no-referrer"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self._app(scope, receive, send_with_policy)
