"""What keeps a test alone with itself: no network beyond this machine, no mail, and a clock that it moves."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from core import clock

MAIL_PORTS = frozenset({25, 465, 587})  # a machine's own mail server would send in earnest


class NetworkForbidden(AssertionError):
    """A test reached for another machine, or for a mail server. Not an OSError: nobody catches it as a failed connection."""


def _is_here(host: Any) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _allow(address: Any) -> None:
    """Raise NetworkForbidden unless the address is on this machine and no mail server's."""
    if not isinstance(address, tuple):  # a path: a socket of this machine
        return
    host, port = address[0], address[1]
    if not _is_here(host):
        raise NetworkForbidden(
            f"a test may not reach {host}:{port}: answer for it in the test, or start a server on 127.0.0.1"
        )
    if port in MAIL_PORTS:
        raise NetworkForbidden(f"a test may not send mail ({host}:{port}): read it by the fixture `inbox`")


@contextmanager
def offline() -> Iterator[None]:
    """Inside, Python's sockets reach this machine only. Raises NetworkForbidden where code reaches further."""
    whole = socket.socket

    def allow(one: socket.socket, address: Any) -> None:
        try:
            _allow(address)
        except NetworkForbidden:
            one.close()  # whoever opened it closes it after an OSError only
            raise

    def connect(self: socket.socket, address: Any) -> None:
        allow(self, address)
        kept["connect"](self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        allow(self, address)
        status: int = kept["connect_ex"](self, address)
        return status

    def sendto(self: socket.socket, data: Any, *rest: Any) -> int:
        allow(self, rest[-1])
        sent: int = kept["sendto"](self, data, *rest)
        return sent

    def getaddrinfo(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        if not _is_here(host):
            raise NetworkForbidden(f"a test may not look up {host}: answer for it in the test")
        return look_up(host, port, *rest, **named)

    kept: dict[str, Any] = {name: getattr(whole, name) for name in ("connect", "connect_ex", "sendto")}
    look_up = socket.getaddrinfo
    with pytest.MonkeyPatch.context() as patch:
        for name, function in (("connect", connect), ("connect_ex", connect_ex), ("sendto", sendto)):
            patch.setattr(whole, name, function)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


class Clock:
    """The platform's clock, in a test's hand. It stands from the first `set` or `move` until the test ends."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def now(self) -> dt.datetime:
        """The present instant, as all code sees it."""
        return clock.now()

    def set(self, instant: dt.datetime) -> None:
        """Put it at an aware instant. Raises ValueError for a naive one."""
        self._stack.enter_context(clock.at(instant))

    def move(self, **by: float) -> None:
        """Move it on, or back: `clock.move(days=1)`, with what `timedelta` takes."""
        self.set(self.now() + dt.timedelta(**by))


@contextmanager
def moving_clock() -> Iterator[Clock]:
    """A clock that is put back at the end."""
    with ExitStack() as stack:
        yield Clock(stack)
