"""A server for this machine alone, in a thread beside the run."""

from __future__ import annotations

import logging
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..errors import UserError

if TYPE_CHECKING:
    from .guard import Application

INSTALL = 'pip install "nstk-styletransfer[live]"'

HOST = "127.0.0.1"

PATIENCE = 10.0
"""How many seconds the server may take to start, and the pages to leave."""

log = logging.getLogger("nstk")


def check_installed() -> None:
    """Raise `UserError` where the extra is not installed."""
    if not (find_spec("starlette") and find_spec("uvicorn")):
        raise UserError(f"a live page needs an extra that is not installed: {INSTALL}")


@contextmanager
def serving(application: Application, port: int = 0) -> Iterator[str]:
    """Serve inside. Gives the address, which holds a secret. Raises `UserError` where the port is in use.

    The port 0 stands for any that is free.
    """
    import uvicorn

    from .guard import Guard

    listening = _bound(port)
    port, token = listening.getsockname()[1], secrets.token_urlsafe(24)
    guarded: Any = Guard(application, port, token)
    server = uvicorn.Server(
        uvicorn.Config(guarded, log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, args=([listening],), name="nstk-live", daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    try:
        yield f"http://{HOST}:{port}/?token={token}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listening.close()


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen(64)
    except OSError as error:
        listening.close()
        raise UserError(f"the port {port} cannot be used ({error.strerror}): choose another, or leave `--port` out") from None
    return listening


def browser(address: str) -> bool:
    """Open the address in the user's browser. Returns whether that worked."""
    import webbrowser

    try:
        return webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False
