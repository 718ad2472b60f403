"""A small HTTP client: a few kept connections, one thread each; closed loop, or paced to a rate."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

CONNECTIONS = 4


class Connection:
    """One kept connection to the server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> tuple[int, bytes]:
        """(status, body). Raises OSError when the server is gone; the next call connects anew."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(request)
            return self._answer(self._socket)
        except OSError:
            self.close()
            raise

    def _answer(self, server: socket.socket) -> tuple[int, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more(server)
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(b":") for line in lines[1:])}
        wanted = int(headers.get(b"content-length", b"0"))
        while len(body) < wanted:
            body += self._more(server)
        if headers.get(b"connection", b"").lower() == b"close":
            self.close()
        return int(lines[0].split()[1]), body

    @staticmethod
    def _more(server: socket.socket) -> bytes:
        part = server.recv(65536)
        if not part:
            raise ConnectionResetError("the server closed the connection")
        return part

    def close(self) -> None:
        """Close; the next request opens it again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def get(path: str, host: str, **headers: str) -> bytes:
    """A GET request."""
    return _request("GET", path, host, headers)


def post(path: str, host: str, body: Mapping[str, Any], **headers: str) -> bytes:
    """A POST request with a JSON body."""
    return _request("POST", path, host, {**headers, "Content_Type": "application/json"}, json.dumps(body).encode())


def _request(method: str, path: str, host: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept-Language: en", f"Content-Length: {len(body)}"]
    lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Pool:
    """Kept connections to one server, one thread each while a round runs."""

    def __init__(self, port: int, connections: int = CONNECTIONS) -> None:
        self.connections = [Connection(port) for _ in range(connections)]

    def closed(self, count: int, make: Callable[[int], bytes], wanted: int = 200) -> int:
        """Send `count` requests as fast as answers come; `make` takes a number. Raises on another status."""
        numbers = iter(range(count))
        lock = threading.Lock()
        wrong: list[str] = []

        def run(connection: Connection) -> None:
            while not wrong:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                status, body = connection.send(make(number))
                if status != wanted:
                    wrong.append(f"{status}: {body[:300]!r}")

        self._threads(run)
        if wrong:
            raise RuntimeError(f"wanted {wanted}, got {wrong[0]}")
        return count

    def answers(self, requests: list[bytes]) -> list[int]:
        """The status of each request, sent as fast as answers come, in no order."""
        waiting, found, lock = iter(requests), [], threading.Lock()

        def run(connection: Connection) -> None:
            while True:
                with lock:
                    request = next(waiting, None)
                if request is None:
                    return
                found.append(connection.send(request)[0])

        self._threads(run)
        return found

    def paced(self, per_second: float, seconds: float, request: bytes) -> list[float]:
        """Latencies in ms at a fixed rate, counted from when each request was due: waiting in line counts."""
        begun, due = time.perf_counter() + 0.05, iter(range(int(per_second * seconds)))
        lock = threading.Lock()
        took: list[float] = []

        def run(connection: Connection) -> None:
            while True:
                with lock:
                    number = next(due, None)
                if number is None:
                    return
                at = begun + number / per_second
                time.sleep(max(0.0, at - time.perf_counter()))
                connection.send(request)
                took.append((time.perf_counter() - at) * 1000)

        self._threads(run)
        return took

    def _threads(self, run: Callable[[Connection], None]) -> None:
        failed: list[BaseException] = []

        def guarded(connection: Connection) -> None:
            try:
                run(connection)
            except OSError as error:
                failed.append(error)

        threads = [threading.Thread(target=guarded, args=(c,)) for c in self.connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]

    def close(self) -> None:
        """Close all."""
        for connection in self.connections:
            connection.close()
