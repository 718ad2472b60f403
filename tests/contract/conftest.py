"""Each file here is one hook's contract, held against every plugin that implements it: core's own, the built-in ones, the example."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import portico_example
import pytest

from core import builtin
from core.hooks.manager import BUILTIN, PluginRuntime, entry_points
from core.messages import Message
from core.settings import Settings
from core.tenancy import current


@dataclass(frozen=True)
class Implementation:
    """One plugin's answer to one hook."""

    plugin: str
    hook: str
    function: Callable[..., Any]

    def __call__(self, *arguments: Any) -> Any:
        return self.function(*arguments)


@lru_cache(maxsize=1)
def everything() -> PluginRuntime:
    """All plugins there are."""
    runtime = PluginRuntime()
    runtime.discover()
    runtime.register(portico_example, "example")
    settings = Settings(
        "test",
        "",
        "",
        ("s" * 32,),
        (),
        smtp_url="smtp://localhost",
        sms_url="https://localhost",
        clamd="unix:///nonexistent/clamd",
    )
    runtime.register(builtin.CorePlugin(settings), BUILTIN)
    return runtime


def implementations(hook: str) -> list[Implementation]:
    runtime = everything()
    names = [name for name in (*runtime.names(), BUILTIN) if hook in runtime.hooks_of(name)]
    return [Implementation(name, hook, getattr(runtime.modules[name], hook)) for name in names]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "implementation" in metafunc.fixturenames:
        found = implementations(Path(metafunc.module.__file__).stem.removeprefix("test_hook_"))
        metafunc.parametrize("implementation", found, ids=[i.plugin for i in found])


@pytest.fixture
def everyone() -> PluginRuntime:
    return everything()


CODE = re.compile(r"^[a-z][a-z0-9_.]*$")


@pytest.fixture
def all_of() -> Callable[..., Sequence[Any]]:
    """All plugins' answers to a contribution, flat: for what must be unique among them."""

    def collect(hook: str, *arguments: Any) -> Sequence[Any]:
        return [item for one in implementations(hook) for item in one(*arguments)]

    return collect


@pytest.fixture
def says() -> Callable[[str, Message | None], None]:
    """A text that can be translated: a message of the plugin's own domain, or one of core's shared ones."""

    def check(plugin: str, message: Message | None) -> None:
        assert isinstance(message, Message)
        assert message.msgid.strip()
        assert message.domain in (plugin, "core")
        assert set(re.findall(r"\{(\w+)\}", message.msgid)) <= set(message.params), (
            f"{message.msgid}: a placeholder without a value"
        )

    return check


@pytest.fixture
def is_code() -> Callable[[str], None]:
    """A code for machines: small letters, digits, underscores, dots."""

    def check(code: str) -> None:
        assert CODE.match(code), code

    return check


@pytest.fixture
def same_again() -> Callable[..., None]:
    """The same question has the same answer."""

    def check(one: Implementation, *arguments: Any) -> None:
        assert one(*arguments) == one(*arguments)

    return check


@pytest.fixture
def in_its_portal(implementation: Implementation, request: pytest.FixtureRequest) -> Iterator[None]:
    """Inside a portal where the plugin is on, as events are told; the example needs none."""
    if implementation.plugin not in importable():
        yield
        return
    made = request.getfixturevalue("portal_with")(implementation.plugin)
    with current.entered(made.id):
        yield


def importable() -> set[str]:
    """The plugins that are installed: portals can have them."""
    return {e.name for e in entry_points()}
