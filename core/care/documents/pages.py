"""One page: a file, for whom its subject lets read it."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping
from urllib.parse import quote

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import NotFound
from werkzeug.http import dump_options_header

from core.care.documents import service
from core.care.documents.intake import PICTURES, SOUNDS
from core.care.documents.service import CareDocument, register_reader
from core.db import db
from core.messages import Message, _
from core.tenancy import keys
from core.web.access import access
from core.web.frame import Refused

__all__ = ["CLOSED", "answer", "bp", "install", "register_reader"]

bp = Blueprint("documents", __name__, template_folder="templates")
# Opened on its own, a file is nobody's page: it runs nothing and reaches nothing.
CSP = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
CLOSED: Mapping[str, Message] = {
    "quarantined": _("This file is still being checked. It can be opened as soon as it is found harmless."),
    "infected": _("This file did not pass the check for harmful content. It was not kept."),
}


def install(app: Flask) -> None:
    """Words that the macros of file lists need."""
    app.jinja_env.globals.update(
        file_accept=service.accepted, file_types=service.types_in_words, file_most=service.most_megabytes
    )


@bp.get("/documents/<uuid:document_id>")
@access("patient", "professional")
def document(document_id: uuid.UUID) -> Response:
    """The content of a file: pictures and recordings in place, documents as a download."""
    found = service.access_document(document_id, may_read=lambda row: service.may_read(g.account, row))
    try:
        data, name = service.content(found), service.name_of(found)
    except service.NotOpen as closed:
        raise Refused(CLOSED[closed.state]) from closed
    except keys.Erased:
        raise NotFound from None
    db.session.commit()
    return answer(found, data, name)


def answer(found: CareDocument, data: bytes, name: str) -> Response:
    """A file as browsers get it, of nobody's page: pictures and sounds in place, documents as a download."""
    shown = found.mimetype in PICTURES + SOUNDS
    answer = Response(io.BytesIO(data), mimetype=found.mimetype, direct_passthrough=True)
    answer.content_length = len(data)
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    way = dump_options_header("inline" if shown else "attachment", {"filename": plain})
    answer.headers["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(name, safe='')}"
    answer.headers["Content-Security-Policy"] = CSP
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    # Players of some browsers ask for a part first, and play nothing where they get the whole.
    answer.make_conditional(request.environ, accept_ranges=True, complete_length=len(data))
    return answer
