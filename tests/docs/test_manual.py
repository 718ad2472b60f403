"""The manual of hooks is whole, true and quoted from code that runs."""

from __future__ import annotations

from pathlib import Path

import portico_example
import pytest

from core.hooks import specs
from core.hooks.manager import PluginRuntime
from tools import hooks_manual

ROOT = Path(__file__).resolve().parents[2]
ALL = sorted(specs.CONTRIBUTIONS | specs.DECISIONS | specs.EVENTS | specs.FORMATS)


def test_the_page_is_what_the_specifications_say() -> None:
    assert (ROOT / "docs/hooks.md").read_text(encoding="utf-8") == hooks_manual.page()


def test_every_hook_has_all_parts_in_order() -> None:
    assert sorted(h.name for h in hooks_manual.hooks()) == ALL


@pytest.mark.parametrize("docstring", [
    "",
    "What it asks.",
    "What it asks.\n\nReturns: x.\nArguments: y.\nCombines: z.\nWhen it raises: a.\nTenant: b.\nSince: c.\nExample: d",
    "What it asks.\n\nArguments: .\nReturns:\nCombines: z.\nWhen it raises: a.\nTenant: b.\nSince: c.\nExample: d",
    "Arguments: y.\nReturns: x.\nCombines: z.\nWhen it raises: a.\nTenant: b.\nSince: c.\nExample: d",
])  # fmt: skip
def test_a_docstring_that_lacks_something_is_refused(docstring: str) -> None:
    def hook(self: object) -> None: ...

    hook.__doc__ = docstring
    with pytest.raises(hooks_manual.Undocumented, match="a_hook"):
        hooks_manual.read("a_hook", "contribution", hook)


def test_arguments_are_those_of_the_function() -> None:
    """Each argument of a specification is named in its documentation."""
    for hook in hooks_manual.hooks():
        inside = hook.signature.partition("(")[2].rstrip(")")
        for name in filter(None, inside.split(", ")):
            assert name in hook.parts["Arguments"], f"{hook.name}: {name}"


@pytest.mark.parametrize("hook", ALL)
def test_every_hook_has_a_contract_test(hook: str) -> None:
    path = ROOT / "tests/contract" / f"test_hook_{hook}.py"
    assert path.is_file()
    assert "implementation" in path.read_text(encoding="utf-8")


def test_no_contract_test_is_left_over() -> None:
    found = {p.stem.removeprefix("test_hook_") for p in (ROOT / "tests/contract").glob("test_hook_*.py")}
    assert found == set(ALL)


def test_the_example_implements_every_hook() -> None:
    runtime = PluginRuntime()
    runtime.register(portico_example, "example")
    assert runtime.pending() == []
    assert runtime.hooks_of("example") == ALL


def test_the_example_named_by_a_hook_implements_it(runtime: PluginRuntime) -> None:
    for hook in hooks_manual.hooks():
        named = hook.parts["Example"]
        assert named == "example" or hook.name in runtime.hooks_of(named), hook.name
