"""The server that trials with a browser speak to."""

import socket
import struct
from collections.abc import Callable, Iterator

from core.testing.live import eventually
from core.testing.served import served

HANGS_UP = struct.pack("ii", 1, 0)  # SO_LINGER: the line is cut, not ended


class Answer:
    """An answer of some length, which knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"x" * 1000

    def close(self) -> None:
        self.closed = True


def test_an_answer_is_closed_also_when_its_visitor_hangs_up_in_the_middle() -> None:
    """Werkzeug's own server does not: it reads what is left of the request first, and the line is gone."""
    opened: list[Answer] = []

    def app(_environ: object, start_response: Callable[[str, list[tuple[str, str]]], object]) -> Answer:
        start_response("200 OK", [("Content-Type", "text/plain")])
        opened.append(Answer())
        return opened[-1]

    with served(app) as port:
        for _count in range(50):
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HANGS_UP)
                line.sendall(b"GET / HTTP/1.1\r\nHost: portal.localhost\r\n\r\n and more")
        eventually(lambda: len(opened) >= 10, 10, "requests were answered")
        eventually(lambda: all(answer.closed for answer in opened), 2, "answers are closed")
