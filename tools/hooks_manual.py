"""docs/hooks.md: the manual of every hook, made from the docstrings of core/hooks/specs.py.

python -m tools.hooks_manual write | check
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.hooks import specs

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "hooks.md"
PARTS = ("Arguments", "Returns", "Combines", "When it raises", "Tenant", "Since", "Example")
FAMILIES = {
    "contribution": ("Contributions", "All answers are collected, sorted by weight, then plugin, then code."),
    "decision": ("Decisions", "One hook for each question. Deny overrides; what nobody permits is denied."),
    "event": (
        "Events",
        "Told after the commit, at least once. A handler does the same thing twice without harm: `event.id` tells.",
    ),
    "format": ("Formats", "Ways to write down what the platform holds."),
}
EXAMPLES = {"example": "examples/portico_example/__init__.py"}


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook as its docstring describes it."""

    name: str
    family: str
    signature: str
    summary: str
    parts: Mapping[str, str]


class Undocumented(ValueError):
    """A hook whose docstring lacks a part, or has the parts in another order."""


def hooks() -> list[Hook]:
    """Every hook in the order of the specifications. Raises Undocumented."""
    return [
        read(name, family, function)
        for family, holder in specs.FAMILIES.items()
        for name, function in vars(holder).items()
        if not name.startswith("_")
    ]


def read(name: str, family: str, function: Any) -> Hook:
    """One hook from its docstring. Raises Undocumented naming the hook and the part."""
    text = inspect.getdoc(function) or ""
    pieces = re.split(r"^(" + "|".join(PARTS) + r"): ?", text, flags=re.MULTILINE)
    found = tuple(pieces[1::2])
    if not pieces[0].strip():
        raise Undocumented(f"{name}: the first lines must say what is asked")
    if found != PARTS:
        raise Undocumented(
            f"{name}: the parts are {', '.join(found) or 'none'}; wanted, in this order: {', '.join(PARTS)}"
        )
    parts = dict(zip(found, (" ".join(p.split()) for p in pieces[2::2]), strict=True))
    empty = [part for part, words in parts.items() if not words]
    if empty:
        raise Undocumented(f"{name}: {', '.join(empty)} is empty")
    arguments = [p for p in inspect.signature(function).parameters if p != "self"]
    return Hook(name, family, f"{name}({', '.join(arguments)})", " ".join(pieces[0].split()), parts)


def quoted(hook: Hook) -> str:
    """The example's code for a hook. Raises Undocumented where the example plugin does not have it."""
    plugin = hook.parts["Example"].rstrip(".")
    place = EXAMPLES.get(plugin, f"plugins/{plugin}/__init__.py")
    source = (ROOT / place).read_text(encoding="utf-8")
    found = re.search(rf"^( *)@hookimpl\n\1def {hook.name}\(.*?(?=^\1\S|\Z)", source, flags=re.MULTILINE | re.DOTALL)
    if found is None:
        raise Undocumented(f"{hook.name}: {place} does not implement it")
    code = inspect.cleandoc("\n" + found.group(0).rstrip())
    return f"From `{place}`:\n\n```python\n{code}\n```"


def page() -> str:
    """The page as it should be."""
    everything = hooks()
    lines = [
        "# Hooks",
        "",
        f"The contract between Portico and its plugins, version {specs.API_VERSION}. Made from `core/hooks/specs.py` by `make docs`;",
        "do not edit. How to begin is told in [writing a plugin](writing-a-plugin.md).",
        "",
        "| family | hooks |",
        "| --- | --- |",
    ]
    for family, (title, _words) in FAMILIES.items():
        mine = [h for h in everything if h.family == family]
        lines.append(f"| {title} | {', '.join(f'[`{h.name}`](#{h.name})' for h in mine)} |")
    for family, (title, words) in FAMILIES.items():
        lines += ["", f"## {title}", "", words]
        for hook in (h for h in everything if h.family == family):
            lines += ["", f'<a id="{hook.name}"></a>', "", f"### `{hook.signature}`", "", hook.summary, ""]
            lines += [f"- **{part}**: {words}" for part, words in hook.parts.items() if part != "Example"]
            lines += ["", quoted(hook)]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run a command; the exit status is 1 when the check finds something."""
    command = sys.argv[1] if len(sys.argv) > 1 else "check"
    try:
        wanted = page()
    except Undocumented as error:
        print(error)
        return 1
    if command == "write":
        PAGE.write_text(wanted, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != wanted:
        print("docs/hooks.md is not what core/hooks/specs.py says: run `make docs`")
        return 1
    print(f"hooks: {len(hooks())} documented")
    return 0


if __name__ == "__main__":
    sys.exit(main())
