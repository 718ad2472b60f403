"""Two browsers in one call: fake cameras, real picture and sound; and a relay of one's own."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.testing.live import eventually, free_port

FAKE_DEVICES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection")  # fmt: skip
"""For Chromium: a camera that shows a moving pattern, a microphone that beeps, and nobody who must allow them."""

WATCHED = """
(() => {
  const Original = RTCPeerConnection;
  window.connections = [];
  window.RTCPeerConnection = class extends Original {
    constructor(configuration = {}, ...rest) {
      super({ ...configuration, ...(window.relayOnly ? { iceTransportPolicy: "relay" } : {}) }, ...rest);
      window.connections.push(this);
    }
    setConfiguration(configuration) {
      super.setConfiguration({ ...configuration, ...(window.relayOnly ? { iceTransportPolicy: "relay" } : {}) });
    }
  };
})();
"""
"""Lets a test look at the connections that a page makes."""

RELAY_ONLY = "window.relayOnly = true;"
"""Before WATCHED: this browser finds no direct way, as behind a firewall that lets nothing through."""

_FIGURES = """async () => {
  const pc = (window.connections ?? []).filter((c) => c.connectionState !== "closed").at(-1);
  if (!pc) return null;
  const stats = [...(await pc.getStats()).values()];
  const inbound = (kind) => stats.find((s) => s.type === "inbound-rtp" && s.kind === kind) ?? {};
  const pair = stats.find((s) => s.type === "candidate-pair" && s.nominated && s.state === "succeeded");
  const candidate = (id) => stats.find((s) => s.id === id)?.candidateType;
  return {
    state: pc.connectionState,
    made: window.connections.length,
    frames: inbound("video").framesDecoded ?? 0,
    packets: inbound("audio").packetsReceived ?? 0,
    energy: inbound("audio").totalAudioEnergy ?? 0,
    local: pair ? candidate(pair.localCandidateId) : null,
    remote: pair ? candidate(pair.remoteCandidateId) : null,
  };
}"""


def figures(page: Any) -> dict[str, Any]:
    """What arrives in a page's call: frames decoded, audio packets and energy, the way taken."""
    found: dict[str, Any] | None = page.evaluate(_FIGURES)
    return found or {"state": "none", "made": 0, "frames": 0, "packets": 0, "energy": 0, "local": None, "remote": None}


def flows(page: Any, *, picture: bool = True, seconds: float = 30) -> dict[str, Any]:
    """Wait until picture and sound arrive and go on arriving; the figures then."""

    def moved() -> dict[str, Any] | None:
        first = figures(page)
        page.wait_for_timeout(400)
        then = figures(page)
        seen = then["frames"] > first["frames"] > 0 or not picture
        heard = then["packets"] > first["packets"] > 0 and then["energy"] > first["energy"] > 0
        return then if seen and heard else None

    try:
        found: dict[str, Any] = eventually(moved, seconds, "picture and sound arrive")
    except AssertionError as error:
        raise AssertionError(f"{error}; last seen: {figures(page)}") from None
    return found


@contextlib.contextmanager
def relay(folder: Path, secret: str) -> Iterator[int]:
    """A coturn of one's own on this machine; its port. It ends with the block."""
    program = shutil.which("turnserver")
    assert program is not None
    port = free_port()
    log = folder / "turn.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                program, "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}", "--no-tls", "--no-dtls",
                "--min-port=49500", "--max-port=49999", "--use-auth-secret", f"--static-auth-secret={secret}", "--realm=portal.example",
                "--allow-loopback-peers", "--no-cli", "--log-file=stdout", "--pidfile", str(folder / "turn.pid"),
                "--userdb", str(folder / "turn.db"), "--verbose",
            ],
            cwd=folder, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip

        def listens() -> bool:
            assert process.poll() is None, log.read_text(errors="replace")[-2000:]
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
            return False

        try:
            eventually(listens, 20, "the relay listens")
            yield port
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
