"""Serves the page on this computer, under a policy that has the browser refuse any request to another host."""

from __future__ import annotations

import errno
import logging
import socket
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import fastapi
import uvicorn
from starlette.datastructures import MutableHeaders
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import InputError, JianbaoError

if TYPE_CHECKING:
    from ui.app import PageAssistant

# What the browser may do for this page: talk to this server. Gradio's front end needs inline scripts and `eval`.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)


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


def start(assistant: PageAssistant, *, host: str = "127.0.0.1", port: int = 7860, local: bool = True) -> Served:
    """Serve the page in a thread of its own and load the models in another; port 0 takes any free one.

    `local` says that the models run on this computer. Raises InputError if the address cannot be used.
    """
    from ui.app import mount  # which loads Gradio

    loopback = host in ("127.0.0.1", "localhost", "::1")
    listener = _listen(host, port)
    port = listener.getsockname()[1]
    outer = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    outer.add_middleware(_Headers)
    if loopback and host != "::1":  # the check of host names does not know how IPv6 addresses are written
        # Another site cannot reach the page by pointing its own name at this computer.
        outer.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    mount(outer, assistant, host=host, port=port, local=local and loopback)
    server = uvicorn.Server(uvicorn.Config(outer, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listener],), name="jianbao-page", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    threading.Thread(target=_warm, args=(assistant,), name="jianbao-warm", daemon=True).start()
    shown = f"[{host}]" if ":" in host else host
    return Served(f"http://{shown}:{port}/", server, thread)


def serve(
    assistant: PageAssistant, *, host: str = "127.0.0.1", port: int = 7860, block: bool = True, local: bool = True
) -> str:
    """Serve the page and return its address: at once, or with `block` after Ctrl-C, having printed it to stderr."""
    served = start(assistant, host=host, port=port, local=local)
    if block:
        sys.stderr.write(f"jianbao: {served.address} (Ctrl-C stops it)\n")
        try:
            served.wait()
        except KeyboardInterrupt:
            served.stop()
    return served.address


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


def _warm(assistant: PageAssistant) -> None:
    try:
        assistant.warm()
    except JianbaoError as error:
        logging.warning("%s", error)  # the first question will say so on the page
    except Exception:  # the page stays usable; the log has the traceback, and the first question tries again
        logging.exception("the models could not be loaded")


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
