"""Counters for Prometheus: requests, plugin failures, the outbox. Labels are endpoints and codes, never people."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """One registry per application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "portico_requests_total", "Requests answered", ["endpoint", "method", "status"], registry=self.registry
        )
        self._seconds = Histogram("portico_request_seconds", "Time to answer", ["endpoint"], registry=self.registry)
        self._plugin_errors = Counter(
            "portico_plugin_errors_total", "Failures of plugins", ["plugin", "hook"], registry=self.registry
        )
        self._waiting = Gauge("portico_outbox_waiting", "Deliveries that wait", registry=self.registry)
        self._dead = Gauge("portico_outbox_dead", "Dead letters", registry=self.registry)

    def request(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        self._requests.labels(endpoint, method, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def plugin_error(self, plugin: str, hook: str) -> None:
        self._plugin_errors.labels(plugin, hook).inc()

    def outbox(self, waiting: int, dead: int) -> None:
        self._waiting.set(waiting)
        self._dead.set(dead)

    def render(self) -> bytes:
        return generate_latest(self.registry)
