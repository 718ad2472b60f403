"""The public pages of a portal: home, contents, theme, drawings, language and cookie choices, development helps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup

from core import clock
from core.tenancy import content, theme
from core.web import fragments, navigation, samples
from core.web import language as words
from core.web.access import access
from core.web.cookies import secure

bp = Blueprint("web", __name__)
COOKIE_CHOICE = "portico_cookies"
STATISTICS_COOKIE = "portico_stats"
CHOICE_DAYS = 180
YEAR = 31_536_000


def install(app: Flask) -> None:
    """What every template may rely on."""
    app.context_processor(_context)
    fragments.install(app, _of_the_portal)
    app.extensions["portico"].response_closers.append(_statistics)


def _context() -> dict[str, Any]:
    tenant = g.get("tenant")
    if tenant is None:
        return {"tenant": None, "account": None, "locale": words.language(), "dev": False, "nav": [], "emergency": []}
    account = g.get("account")
    return {
        **_of_the_portal(),
        "account": account,
        "nav": navigation.navigation(account),
        "emergency": emergency_numbers(),
        "cookie_choice_needed": cookie_choice_needed(),
    }


def _of_the_portal() -> dict[str, Any]:
    """What depends on the portal, its revision and the language alone."""
    tenant = g.get("tenant")
    if tenant is None:
        return {"tenant": None, "locale": words.language(), "dev": False}
    return {
        "tenant": tenant,
        "locale": words.language(),
        # A preview shows what visitors see: no help for developers.
        "dev": current_app.extensions["portico"].settings.development and "theme_url" not in tenant._memo,
        "layout": tenant.config["theme"].get("layout", "lines"),
        "asset": asset,
        "theme_url": tenant._memo.get("theme_url") or url_for("web.stylesheet", revision=tenant.revision),
        "legal_titles": legal_titles,
        "begin": navigation.where_one_begins,
    }


def legal_titles() -> list[tuple[str, str]]:
    """The portal's legal documents as (code, title in the visitor's language), in the order of tenant.yaml (IA-021).

    Where a new version is announced the title is that of the one before: what is kept of a page outlives a midnight.
    """
    found = []
    for code, document in g.tenant.bundle.get("legal", {}).items():
        texts = document.get("previous_texts") or document.get("texts", {})
        text = texts.get(words.language()) or next(iter(texts.values()), "")
        title = content.title_of(text, g.tenant.config, words.language()) or code.replace("_", " ")
        found.append((code, title))
    return found


def read_elsewhere(view: Any, theme_url: str, drawings: Mapping[str, str]) -> None:
    """Let the pages of this view find its theme and drawings at other addresses: a preview has no revision to name."""
    view._memo["theme_url"] = theme_url
    view._memo.update({f"asset|{name}": url for name, url in drawings.items()})


def asset(name: str) -> str | None:
    """The address of one of the tenant's drawings, changing with the revision; None where it has none."""
    kept: dict[str, Any] = g.tenant._memo
    if (key := f"asset|{name}") not in kept:
        found = g.tenant.has_asset(name)
        kept[key] = url_for("web.drawing", revision=g.tenant.revision, name=name) if found else None
    url: str | None = kept[key]
    return url


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """An emergency number as pages show it."""

    number: str
    label: str
    country: str
    kind: str
    sms: bool


def emergency_numbers() -> tuple[ShownNumber, ...]:
    """Numbers of the visitor's country: the account's, else by cookie, else the portal's (CB-009)."""
    tenant = g.tenant
    account = g.get("account")
    wanted = tenant.config["emergency"].get("countries") or [tenant.config["country"]]
    chosen = request.cookies.get("portico_country")
    # A cookie may say anything: only a country of this portal counts.
    home = str(getattr(account, "country", None) or (chosen if chosen in wanted else tenant.config["country"]))
    kept: dict[str, Any] = tenant._memo
    key = f"emergency|{home}|{words.language()}"
    if key not in kept:
        kept[key] = tuple(_numbers(home, wanted))
    found: tuple[ShownNumber, ...] = kept[key]
    return found


def _numbers(home: str, wanted: list[str]) -> Iterator[ShownNumber]:
    numbers = [n for n in g.tenant.dispatcher.collect("emergency_numbers") if n.country in ("", *wanted)]
    numbers.sort(key=lambda n: (n.country != home, n.country != "", n.weight))
    seen: set[str] = set()
    for n in numbers:
        if n.number not in seen and (n.country == home or n.country == ""):
            seen.add(n.number)
            yield ShownNumber(n.number, words.say(n.label), n.country, n.kind, n.sms)


# -- pages -------------------------------------------------------------------------------------------------------


def _text(page: str) -> str | None:
    texts = g.tenant.bundle["content"].get(page)
    if not texts:
        return None
    found: str | None = texts.get(words.language()) or texts.get(g.tenant.language)
    return found


@bp.get("/")
@access("public")
def home() -> Any:
    """The brand's home for visitors; a signed-in person goes to their own."""
    account = g.get("account")
    if account is not None:
        for endpoint in current_app.extensions.get("portico_homes", {}).get(account.role, ()):
            if endpoint in current_app.view_functions:
                return redirect(url_for(endpoint))
    if g.tenant.is_console:
        return redirect(url_for("identity.sign_in"))
    promise, lead, parts = _home_text(words.language())
    return render_template("web/home.html", promise=promise, lead=lead, parts=parts)


def _home_text(code: str) -> tuple[str, Markup, tuple[tuple[str, Markup], ...]]:
    """(promise, lead, sections) of the home page; drawn once per revision and language."""
    kept: dict[str, Any] = g.tenant._memo
    if (key := f"home|{code}") not in kept:
        config = g.tenant.config
        text = _text("home") or ""
        parts = content.sections(text)
        lead = content.render_markdown(parts.pop(""), config, language=code)
        drawn = tuple(
            (title, content.render_markdown(body, config, shift=1, language=code)) for title, body in parts.items()
        )
        kept[key] = (content.title_of(text, config, code), lead, drawn)
    found: tuple[str, Markup, tuple[tuple[str, Markup], ...]] = kept[key]
    return found


@bp.get("/pages/<page>")
@access("public")
def page(page: str) -> str:
    """A content page of the tenant: reasons, prices, help, about (CB-007, CB-010)."""
    text = _text(page)
    if text is None or page == "home":
        abort(404)
    return render_template(
        "web/page.html",
        page=page,
        title=content.title_of(text, g.tenant.config, words.language()),
        body=content.render_markdown(content.body_of(text), g.tenant.config, language=words.language()),
    )


@bp.get("/law")
@access("public")
def law() -> str:
    """Which law governs each party, with links to the official sites (CB-018 to CB-020, CB-041 to CB-043, CB-264 to CB-266)."""
    references = g.tenant.dispatcher.collect("legal_references")
    labels = {c.code: c.label for c in g.tenant.dispatcher.collect("categories")}
    labels |= {f"professional:{p.country}": p.label for p in g.tenant.dispatcher.collect("practice_countries")}
    parties: dict[str, list[Any]] = {}
    for r in references:
        parties.setdefault(r.party, []).append(r)
    return render_template("web/law.html", parties=parties, labels=labels)


@bp.get("/theme/<int:revision>.css")
@access("public")
def stylesheet(revision: int) -> Response:
    """The tokens of the revision in force: kept by browsers for as long as the revision lives."""
    answer = Response(theme.stylesheet(g.tenant.config["theme"]), mimetype="text/css")
    answer.headers["Cache-Control"] = (
        f"public, max-age={YEAR}, immutable" if revision == g.tenant.revision else "no-cache"
    )
    return answer


@bp.get("/brand/<int:revision>/<name>.svg")
@access("public")
def drawing(revision: int, name: str) -> Response:
    """A drawing of the tenant's branding folder."""
    svg = g.tenant.bundle["branding"].get(name)
    if svg is None:
        abort(404)
    answer = Response(svg, mimetype="image/svg+xml")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    answer.headers["Cache-Control"] = (
        f"public, max-age={YEAR}, immutable" if revision == g.tenant.revision else "no-cache"
    )
    return answer


@bp.get("/manifest.webmanifest")
@access("public")
def manifest() -> Response:
    """The installed app: the tenant's name, colours and icon."""
    tenant = g.tenant
    light = tenant.config["theme"]["light"]
    body = {
        "name": tenant.name,
        "short_name": tenant.name[:12],
        "lang": words.language(),
        "start_url": "/",
        "display": "standalone",
        "theme_color": light["brand"],
        "background_color": light["surface"],
        "icons": [{"src": asset("icon"), "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"}],
    }
    return Response(json.dumps(body), mimetype="application/manifest+json")


@bp.get("/sw.js")
@access("public")
def service_worker() -> Any:
    """The service worker: an offline page that says what still works."""
    answer = current_app.send_static_file("js/sw.js")
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Service-Worker-Allowed"] = "/"
    return answer


@bp.get("/offline")
@access("public")
def offline() -> str:
    """What still works without a connection: the emergency numbers."""
    return render_template("web/offline.html")


def back() -> str:
    """Where to go back to: a path of this portal only."""
    target = request.form.get("next") or request.args.get("next") or "/"
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    return target


@bp.post("/language")
@access("public")
def choose_language() -> Any:
    """Keep the visitor's language."""
    chosen = request.form.get("language", "")
    if chosen not in g.tenant.languages:
        abort(400)
    answer = redirect(back())
    answer.set_cookie(words.COOKIE, chosen, max_age=YEAR, samesite="Lax", httponly=True, secure=secure())
    return answer


# -- cookies -----------------------------------------------------------------------------------------------------


def cookie_choice() -> str | None:
    """`all`, `necessary`, or None where no choice was made yet."""
    kept = request.cookies.get(COOKIE_CHOICE)
    return kept if kept in ("all", "necessary") else None


def cookie_choice_needed() -> bool:
    """The banner is shown while the portal has statistics cookies and the visitor has not chosen (CB-290)."""
    return bool(g.tenant.config["cookies"].get("statistics")) and cookie_choice() is None


@bp.route("/cookies", methods=["GET", "POST"])
@access("public")
def cookies() -> Any:
    """Say what cookies there are and keep the choice; it can be changed here at any time (CB-289 to CB-292)."""
    if request.method == "POST":
        choice = request.form.get("choice", "")
        if choice not in ("all", "necessary"):
            abort(400)
        answer = redirect(back())
        answer.set_cookie(
            COOKIE_CHOICE, choice, max_age=CHOICE_DAYS * 86400, samesite="Lax", httponly=True, secure=secure()
        )
        if choice == "necessary":
            answer.delete_cookie(STATISTICS_COOKIE)
        return answer
    return render_template(
        "web/cookies.html", choice=cookie_choice(), registry=g.tenant.config["cookies"].get("registry", [])
    )


def _statistics(response: Response) -> None:
    """Set the statistics cookie after consent only; it names the device's visit of the day, never an account (CB-292)."""
    tenant = g.get("tenant")
    if tenant is None or request.method != "GET" or response.mimetype != "text/html":
        return
    policy = tenant.config["cookies"]
    if not policy.get("statistics"):
        return
    agreed = cookie_choice() == "all"
    if policy.get("consent_mode") == "implied" and cookie_choice() is None:
        agreed = request.cookies.get("portico_seen") == "1"
        response.set_cookie("portico_seen", "1", samesite="Lax", httponly=True, secure=secure())
    if agreed and STATISTICS_COOKIE not in request.cookies:
        visit = hashlib.sha256(f"{g.request_number}{tenant.id}".encode()).hexdigest()[:16]
        response.set_cookie(
            STATISTICS_COOKIE, visit, max_age=CHOICE_DAYS * 86400, samesite="Lax", httponly=True, secure=secure()
        )


@bp.get("/_style")
@access("public")
def style() -> str:
    """Every component in the tenant's theme; development only."""
    if not current_app.extensions["portico"].settings.development:
        abort(404)
    return render_template("style/style.html", sample=samples.sample(clock.now()))


@bp.get("/dev/logins")
@access("public")
def development_logins() -> str:
    """The demo's logins; development only."""
    settings = current_app.extensions["portico"].settings
    note = settings.var / "demo-logins.json"
    if not settings.development or not note.is_file():
        abort(404)
    return render_template(
        "web/logins.html", kept=json.loads(note.read_text(encoding="utf-8")), port=settings.public_port
    )
