"""What a plugin adds to the machinery of a portal, in shape: places and cards, jobs, messages, registers, providers, scanners, pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask

from core.hooks.registers import RegisterRefused
from core.hooks.types import ScannerAway, ScanVerdict
from core.testing.subject import Subject
from core.web.access import declared

ROLES = frozenset({"patient", "professional", "operator", "partner"})
# The harmless file that every scanner must find, in two halves so that none finds this one.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
Row = tuple[str, str, str]  # where, what was found, the likely fix


def cards(subject: Subject, items: list[Any]) -> Iterator[Row]:
    yield from roles(subject, items)
    for item in items:
        if "operator" in item.roles:
            yield item.code, "the operator's console has no home of one portal", "one of partner, patient, professional"


def roles(subject: Subject, items: list[Any]) -> Iterator[Row]:
    for item in items:
        for role in sorted(set(item.roles) - ROLES):
            yield item.code, f"no role is called {role}", f"one of {', '.join(sorted(ROLES))}"
        endpoint = getattr(item, "endpoint", None)
        if endpoint is not None and not endpoint.startswith(f"{subject.name}."):
            yield (
                f"navigation {item.code}.endpoint",
                f"{endpoint} is not the plugin's own page",
                f"begin with {subject.name}.",
            )


def jobs(_subject: Subject, items: list[Any]) -> Iterator[Row]:
    for item in items:
        if not 10 <= item.every_seconds <= 366 * 86_400:
            yield f"periodic_jobs {item.code}", f"every {item.every_seconds} seconds", "between 10 seconds and a year"


def mails(subject: Subject, items: list[Any]) -> Iterator[Row]:
    for item in items:
        if not item.code.startswith(subject.name):
            yield f"message_templates {item.code}", "the code is not the plugin's own", f"begin it with {subject.name}"
        for end in ("txt", "html"):
            if (
                "email" in item.channels
                and not (subject.folder / "templates" / "mail" / f"{item.code}.{end}").is_file()
            ):
                yield (
                    f"message_templates {item.code}",
                    f"templates/mail/{item.code}.{end} is missing",
                    "write it: an e-mail has both bodies",
                )


def registers(_subject: Subject, items: list[Any]) -> Iterator[Row]:
    for item in items:
        try:
            list(item.read([b"colour,shape\n", b"red,round\n"]))
        except RegisterRefused:
            continue
        except Exception as error:
            yield (
                f"register_formats {item.code}",
                f"a foreign header raises {type(error).__name__}",
                "raise RegisterRefused, naming what was found",
            )
        else:
            yield (
                f"register_formats {item.code}",
                "a file of something else is read",
                "raise RegisterRefused when the header does not fit",
            )


def providers(subject: Subject, items: list[Any]) -> Iterator[Row]:
    for item in items:
        where = f"identity_providers {item.code}"
        for name in ("number", "exercises"):
            read = getattr(item, name)
            try:
                if read is not None:
                    read({})
            except Exception as error:
                yield (
                    f"{where}.{name}",
                    f"missing claims raise {type(error).__name__}",
                    "answer None or () where claims are missing",
                )
        for site in item.sites.values():
            if urlsplit(site.issuer).scheme != "https" or urlsplit(site.discovery).scheme != "https":
                yield where, f"{site.issuer} is no https address", "use the provider's public addresses"
        if item.acr_asked and item.acr_asked not in item.acr:
            yield where, f"{item.acr_asked} is asked and not accepted", "name it in `acr` too"


def scanners(_subject: Subject, items: list[Any]) -> Iterator[Row]:
    for item in items:
        where = f"file_scanners {item.code}.scan"
        try:
            verdict = item.scan(EICAR)
        except ScannerAway:
            continue
        except Exception as error:
            yield where, f"the EICAR test file raises {type(error).__name__}", "raise ScannerAway where it cannot tell"
            continue
        if not isinstance(verdict, ScanVerdict) or verdict.clean:
            yield (
                where,
                f"the EICAR test file gives {verdict!r}",
                "find it: ScanVerdict(False, …); say clean only when sure",
            )


def blueprints(subject: Subject) -> Iterator[Row]:
    app = Flask("check")
    first, second = list(subject.call("blueprints")), list(subject.call("blueprints"))
    for made in first:
        if not isinstance(made, Blueprint) or not made.name.startswith(subject.name):
            yield (
                "blueprints",
                f"{getattr(made, 'name', made)!r} is not the plugin's own",
                f"a Blueprint whose name begins with {subject.name}",
            )
            return
        app.register_blueprint(made, url_prefix=f"/x/{subject.name}/{made.name}")
    if any(a is b for a in first for b in second):
        yield "blueprints", "two applications would share one blueprint", "make it inside of the hook"
    for rule in app.url_map.iter_rules():
        if declared(app, rule.endpoint) is None:
            yield f"blueprints {rule.endpoint}", "the view says not who may call it", "add @access(…) below the route"
