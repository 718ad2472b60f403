"""What is read from a plugin's files without running them: its imports, the purity of its rules, its translations."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, extract, pofile

from core import i18n
from core.hooks.manager import entry_points
from core.testing.shapes import PLACEHOLDER
from core.testing.subject import Finding, Subject

PROMISE = "core.plugin_api"
KIT = "core.testing"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "context": ((1, "c"), 2)}
IMPURE = frozenset(
    {"flask", "sqlalchemy", "requests", "redis", "time", "random", "os", "socket", "urllib", "subprocess", "threading"}
)
IMPURE_CALLS = frozenset({"today", "now", "utcnow", "open"})


def _python(folder: Path) -> Iterator[tuple[Path, ast.Module | SyntaxError]]:
    for path in sorted(folder.rglob("*.py")):
        try:
            yield path, ast.parse(path.read_text(encoding="utf-8"))
        except SyntaxError as error:
            yield path, error


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, module or name in a module) of everything imported, by a call of import_module too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__") and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func).rpartition(".")[2]


def _under(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def imports(subject: Subject) -> Iterator[Finding]:
    """The plugin imports `core.plugin_api` and nothing else of core, and no other plugin; its tests `core.testing` too."""
    foreign = {e.module: e.name for e in entry_points() if e.name != subject.name}
    yield from _imports_of(subject, subject.folder, foreign, (PROMISE,))
    tests = subject.place.project / "tests" if subject.place.project is not None else None
    if tests is not None and tests.is_dir():
        yield from _imports_of(subject, tests, foreign, (PROMISE, KIT))


def _imports_of(subject: Subject, folder: Path, foreign: dict[str, str], allowed: tuple[str, ...]) -> Iterator[Finding]:
    for path, tree in _python(folder):
        where = subject.inside(path)
        if isinstance(tree, SyntaxError):
            yield Finding("imports", f"{where}:{tree.lineno}", f"not Python: {tree.msg}", "mend the syntax")
            continue
        for line, name in _imports(tree):
            if _under(name, "core") and not any(_under(name, a) for a in allowed):
                yield Finding(
                    "imports",
                    f"{where}:{line}",
                    f"{name} is imported",
                    f"import {' or '.join(allowed)} only: the rest of core is no promise",
                )
            for module, plugin in foreign.items():
                if _under(name, module):
                    yield Finding(
                        "imports",
                        f"{where}:{line}",
                        f"{name} of the plugin {plugin} is imported",
                        "plugins meet in hooks and events only",
                    )


def pure(subject: Subject) -> Iterator[Finding]:
    """Rules are facts in, decision out: no database, no clock, no web, no file."""
    folder = subject.folder / "rules"
    files = folder if folder.is_dir() else None
    for path, tree in _python(files) if files is not None else ():
        where = subject.inside(path)
        if isinstance(tree, SyntaxError):
            continue
        for line, name in _imports(tree):
            if name.partition(".")[0] in IMPURE:
                yield Finding(
                    "pure",
                    f"{where}:{line}",
                    f"{name} is imported by a rule",
                    "facts come with the question; figures by `parameters`",
                )
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node) in IMPURE_CALLS:
                yield Finding(
                    "pure",
                    f"{where}:{node.lineno}",
                    f"{ast.unparse(node.func)}() is called by a rule",
                    "the day is `question.at`",
                )


# -- translations ----------------------------------------------------------------------------------------------------


def extracted(folder: Path) -> dict[tuple[str, str | None], str]:
    """Every translatable text of a folder, with its context, and where it stands first."""
    found: dict[tuple[str, str | None], str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".py":
            method = "python"
        elif path.suffix in (".html", ".txt") and "templates" in path.parts:
            method = "jinja2"
        else:
            continue
        with path.open("rb") as file:
            for line, message, _comments, context in extract.extract(method, file, KEYWORDS, []):
                for text in message if isinstance(message, tuple) else (message,):
                    if isinstance(text, str) and text.strip():
                        found.setdefault((text, context), f"{path.relative_to(folder).as_posix()}:{line}")
    return found


def translations(subject: Subject) -> Iterator[Finding]:
    """Every catalogue has every text, none doubtful or left over, with the same placeholders. English is in the code."""
    try:
        texts = extracted(subject.folder)
    except SyntaxError:  # told by the check of imports
        return
    own = subject.folder / "translations"
    root = own if own.is_dir() else i18n.ROOT
    files = {p.parent.parent.name: p for p in sorted(root.glob(f"*/LC_MESSAGES/{subject.name}.po"))}
    for path in sorted(own.glob("*/LC_MESSAGES/*.po")):
        if path.stem != subject.name:
            yield Finding("translations", subject.inside(path), "it is never read", f"call it {subject.name}.po")
    if texts and not files:
        yield Finding(
            "translations",
            "translations/",
            "no catalogue in any language",
            f"write translations/fr/LC_MESSAGES/{subject.name}.po",
        )
    for language, path in files.items():
        where = subject.inside(path) if own.is_dir() else f"translations/{language}/LC_MESSAGES/{path.name}"
        try:
            with path.open("rb") as file:
                catalogue = pofile.read_po(file, locale=language, abort_invalid=True)
        except (pofile.PoFileError, ValueError) as error:
            yield Finding("translations", where, f"it cannot be read: {error}", "see the form of other catalogues")
            continue
        yield from _catalogue(catalogue, where, texts)


def _catalogue(catalogue: Catalog, where: str, texts: dict[tuple[str, str | None], str]) -> Iterator[Finding]:
    for (text, context), place in sorted(texts.items(), key=lambda row: row[1]):
        kept = catalogue.get(text, context)
        if kept is None or not kept.string:
            yield Finding(
                "translations", where, f"“{text}” ({place}) is not translated", "add it as msgid with its msgstr"
            )
        elif kept.fuzzy:
            yield Finding("translations", where, f"“{text}” is marked fuzzy", "look at the text, then remove the mark")
        else:
            wanted, given = (set(PLACEHOLDER.findall(str(t))) for t in (text, kept.string))
            if wanted != given:
                yield Finding(
                    "translations", where,
                    f"“{text}” has the placeholders {_named(wanted)}, its translation {_named(given)}", "keep the placeholders as they are",
                )  # fmt: skip
    for message in catalogue:
        key = message.id[0] if isinstance(message.id, tuple) else message.id
        if key and (key, message.context) not in texts:
            yield Finding(
                "translations", where, f"“{key}” stands nowhere in the plugin", "remove it, or mend its msgid"
            )


def _named(names: set[str]) -> str:
    return ", ".join(f"{{{n}}}" for n in sorted(names)) or "none"
