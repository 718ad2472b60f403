"""An application served on a port of its own, in this process, for a real browser or a bare line to speak to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _Whole:
    """Answers in one piece, with what the application opened for it closed before anything is sent.

    Werkzeug's server leaves an answer open when the visitor hangs up in the middle, as a browser does that goes on to
    another page; a file of the portal then stays open, in whichever trial comes next.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = self.app(environ, start_response)
        try:
            return [b"".join(answer)]
        finally:
            if (close := getattr(answer, "close", None)) is not None:
                close()


@contextlib.contextmanager
def served(app: WSGIApplication) -> Iterator[int]:
    """Serve `app` on a free port of 127.0.0.1, its requests in threads; the port. It ends with the block."""
    server = make_server("127.0.0.1", 0, _Whole(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
