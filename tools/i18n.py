"""Catalogues: extract message ids, bring the .po files up to date, check that nothing is missing, fuzzy or mismatched.

python -m tools.i18n update | check
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from pathlib import Path

from babel.messages import Catalog, extract, pofile

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = ROOT / "translations"
LANGUAGES = ("fr", "de")
# Without these a change does not land; a text that another language lacks is shown in English meanwhile.
COMPLETE = ("fr", "de")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "context": ((1, "c"), 2)}
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# Specifications keep their words in the module; English is the source and needs no catalogue.


def domains() -> dict[str, list[Path]]:
    """Each domain and the folders whose messages are its own."""
    found = {"core": [ROOT / "core"]}
    for plugin in sorted((ROOT / "plugins").iterdir()):
        if (plugin / "__init__.py").is_file():
            found[plugin.name] = [plugin]
    return found


def extracted(domain: str) -> Catalog:
    """The message ids of a domain, with the places where they are used."""
    catalogue = Catalog(charset="utf-8")
    for folder in domains()[domain]:
        for path in sorted(folder.rglob("*")):
            if path.suffix == ".py":
                method, options = "python", {}
            elif path.suffix in (".html", ".txt") and "templates" in path.parts:
                method, options = "jinja2", {"trimmed": "false", "silent": "false"}
            else:
                continue
            with path.open("rb") as file:
                rows = extract.extract(method, file, KEYWORDS, [], options)
                for _line, message, _comments, context in rows:
                    ids = [m for m in message if m] if isinstance(message, tuple) else [message]
                    for msgid in ids:
                        if isinstance(msgid, str) and msgid.strip():
                            catalogue.add(msgid, locations=[(str(path.relative_to(ROOT)), 0)], context=context)
    return catalogue


def path_of(domain: str, language: str) -> Path:
    """The file of a domain in a language."""
    return TRANSLATIONS / language / "LC_MESSAGES" / f"{domain}.po"


def load(domain: str, language: str) -> Catalog:
    """The catalogue on disk; empty where there is none."""
    path = path_of(domain, language)
    if not path.is_file():
        return Catalog(locale=language, domain=domain, charset="utf-8")
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language, domain=domain)


def update() -> None:
    """Add new ids with an empty text, drop those no longer used; nothing is guessed."""
    for domain in domains():
        template = extracted(domain)
        for language in LANGUAGES:
            old = load(domain, language)
            fresh = Catalog(
                locale=language, domain=domain, charset="utf-8", project="Portico", fuzzy=False,
                creation_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), revision_date=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            )  # fmt: skip
            for message in sorted((m for m in template if m.id), key=lambda m: (str(m.id), m.context or "")):
                kept = old.get(message.id, message.context)
                fresh.add(message.id, kept.string if kept else "", context=message.context)
            path = path_of(domain, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                pofile.write_po(file, fresh, width=0, no_location=True, include_previous=False)


def problems() -> list[str]:
    """Every id that is missing, untranslated, fuzzy, or whose placeholders or tags differ."""
    found = []
    for domain in domains():
        template = extracted(domain)
        for language in LANGUAGES:
            catalogue = load(domain, language)
            for message in template:
                if not message.id:
                    continue
                kept = catalogue.get(message.id, message.context)
                where = f"{language}/{domain}: {message.id!r}"
                if kept is None or not kept.string:
                    if language in COMPLETE:
                        found.append(f"{where}: not translated")
                elif kept.fuzzy:
                    found.append(f"{where}: fuzzy")
                elif set(PLACEHOLDER.findall(str(message.id))) != set(PLACEHOLDER.findall(str(kept.string))):
                    found.append(f"{where}: placeholders differ")
    return found


def main() -> int:
    """Run a command; the exit status is 1 when the check finds something."""
    command = sys.argv[1] if len(sys.argv) > 1 else "check"
    if command == "update":
        update()
    wrong = problems()
    for line in wrong[:40]:
        print(line)
    print(f"{len(wrong)} problems")
    return 1 if wrong and command == "check" else 0


if __name__ == "__main__":
    sys.exit(main())
