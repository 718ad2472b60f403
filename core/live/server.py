"""The live process: WebSockets on one port, admitted by origin and ticket. Several may run; each can die at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import http
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from flask import Flask
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from core.live import hub as hubs
from core.live import messages, tokens
from core.live.asking import Asking
from core.live.common import Common
from core.live.hub import Connection, Hub
from core.settings import Settings

log = logging.getLogger("portico.live")

PATH, HEALTH = "/live", "/healthz"
ADMISSION_SECONDS = 5.0
# Who came and went says nothing that the portal's own log does not; probes that open a port and go are no errors.
_WIRE_LOG = logging.getLogger("portico.live.wire")
_WIRE_LOG.setLevel(logging.CRITICAL)
MOST_STRANGERS = 500
"""Connections that have not shown a ticket yet; beyond these newcomers wait outside."""


class Live:
    """One live process."""

    def __init__(self, app: Flask) -> None:
        self.settings: Settings = app.extensions["portico"].settings
        self.asking = Asking(app)
        self.common = Common(self.settings.redis_url, self.settings.secret_keys)
        self.hub = Hub(self.asking, self.common)
        self._strangers = 0
        self._tenants: WeakKeyDictionary[ServerConnection, int] = WeakKeyDictionary()

    # -- the door

    async def door(self, connection: ServerConnection, request: Request) -> Response | None:
        """Before the WebSocket opens: the right path, and a page of a portal that is here."""
        path = urlsplit(request.path).path
        if path == HEALTH:
            return connection.respond(http.HTTPStatus.OK, "ok\n")
        if path != PATH:
            return connection.respond(http.HTTPStatus.NOT_FOUND, "nothing here\n")
        if self._strangers >= MOST_STRANGERS:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "later\n")
        host = origin_host(request.headers.get("Origin"), request.headers.get("Host"), self.settings)
        try:
            tenant_id = None if host is None else await self.asking.tenant_of(host)
        except Exception as error:
            log.error("the portal could not be looked up", exc_info=error)
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "later\n")
        if tenant_id is None:
            return connection.respond(http.HTTPStatus.FORBIDDEN, "not from here\n")
        self._tenants[connection] = tenant_id
        return None

    async def serve_one(self, socket: ServerConnection) -> None:
        """One connection from its first message to its end."""
        tenant_id = self._tenants.pop(socket)
        self._strangers += 1
        try:
            connection = await self._admit(socket, tenant_id)
        finally:
            self._strangers -= 1
        if connection is None:
            await socket.close(hubs.NOT_ADMITTED)
            return
        writer = asyncio.create_task(self._write(connection))
        try:
            await self.hub.enter(connection)
            await self._read(connection, socket)
        except ConnectionClosed:
            pass
        except Exception as error:
            log.error("a connection failed", exc_info=error)
            connection.close(1011)
        finally:
            writer.cancel()
            await self.hub.leave(connection)

    async def _admit(self, socket: ServerConnection, tenant_id: int) -> Connection | None:
        """The first message is the ticket, and comes soon."""
        try:
            async with asyncio.timeout(ADMISSION_SECONDS):
                body = messages.parse(await socket.recv())
                ticket = tokens.read(self.settings.secret_keys, str(body.get("token", "")))
                if body["type"] != "hello" or ticket is None or ticket.tenant_id != tenant_id:
                    return None
                standings = await self.asking.standings(ticket, ticket.topics)
        except (ConnectionClosed, TimeoutError, messages.BadMessage):
            return None
        except Exception as error:
            log.error("a ticket could not be looked at", exc_info=error)
            return None
        return None if not standings else Connection(socket, ticket, standings)

    async def _read(self, connection: Connection, socket: ServerConnection) -> None:
        async for raw in socket:
            if not connection.bucket.take():
                connection.close(hubs.TOO_MUCH)
                return
            try:
                body = messages.parse(raw)
                if body["type"] == "signal":
                    await self.hub.signal(connection, body)
                elif body["type"] != "ping":
                    raise messages.BadMessage("unknown type")
            except messages.BadMessage:
                connection.close(hubs.BAD_MESSAGE)
                return

    async def _write(self, connection: Connection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.wire.send(await connection.out.get())

    # -- the whole

    async def run(self, hosts: list[str], port: int, stop: asyncio.Event) -> None:
        """Serve until told to stop; then close in an orderly way, so that pages come back to another process at once."""
        server: Server
        async with serve(
            self.serve_one, hosts, port,  # type: ignore[arg-type]
            process_request=self.door, compression=None, max_size=messages.LARGEST_FRAME,
            max_queue=16, ping_interval=20, ping_timeout=20, close_timeout=2, server_header=None, open_timeout=10, logger=_WIRE_LOG,
        ) as server:  # fmt: skip
            own = [
                asyncio.create_task(self.common.listen(self.hub.heard, self.hub.everybody_again)),
                asyncio.create_task(_every(hubs.RENEW_SECONDS, self.hub.renew)),
                asyncio.create_task(_every(hubs.SESSIONS_SECONDS, self.hub.end_sessions)),
                asyncio.create_task(_every(hubs.TICK_SECONDS, self.hub.tick)),
            ]
            log.info("listening", extra={"port": port})
            try:
                await stop.wait()
            finally:
                for task in own:
                    task.cancel()
                server.close(code=1001, reason="restart")
                await server.wait_closed()
                await self.common.close()
                self.asking.close()


async def _every(seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception as error:
            log.error("periodic work failed and goes on", exc_info=error)


def origin_host(origin: str | None, host: str | None, settings: Settings) -> str | None:
    """The host name of the portal whose page connects; None where the page is not of the host that it connects to.

    Without a proxy the process has a port of its own: then the page's port is the web server's.
    """
    try:
        page, here = urlsplit(origin or ""), urlsplit(f"//{host or ''}")
        name, ports = page.hostname, (page.port, here.port)
    except ValueError:
        return None
    if not name or name != here.hostname or page.scheme not in ("http", "https") or page.path:
        return None
    if settings.secure_cookies and page.scheme != "https":
        return None
    same = ports[0] == ports[1] or bool(settings.live_url and ports[0] == settings.public_port)
    return name if same else None


def run(app: Flask, hosts: list[str], port: int) -> None:
    """The live process, until SIGTERM or SIGINT."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await Live(app).run(hosts, port, stop)

    asyncio.run(main())
