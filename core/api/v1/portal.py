"""What everybody may know of the portal: who runs it, what it offers, numbers to call, legal documents."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import g
from marshmallow import fields, validate

from core import clock
from core.api.fields import Input, Output, told
from core.api.operations import operation
from core.api.v1 import shared
from core.consent import documents
from core.consent import service as consent
from core.directory import service as directory
from core.tenancy import content
from core.web.language import language, say
from core.web.pages import emergency_numbers

topic = shared.topic("portal", "The portal: publisher, services, numbers to call in an emergency, legal documents.")


class EmergencyAnswer(Output):
    """A number to call."""

    number = fields.String(metadata=told("The number"))
    label = fields.String(metadata=told("Whose it is"))
    country = fields.String(metadata=told("Country; empty for all of Europe"))
    kind = fields.String(metadata=told("general, ambulance, fire, police, accessible, on_duty, listening"))
    sms = fields.Boolean(metadata=told("It takes text messages"))


class ServiceAnswer(Output):
    """A service that the portal offers."""

    code = fields.String(metadata=told("Code", values="services"))
    label = fields.String(metadata=told("Name"))
    description = fields.String(metadata=told("What it is"))
    channel = fields.String(metadata=told("in_person, message, video or phone"))
    bookable = fields.Boolean(metadata=told("An appointment is booked for it"))
    duration_minutes = fields.Integer(metadata=told("Usual duration"))


class DocumentAnswer(Output):
    """A legal document in one version."""

    code = fields.String(metadata=told("Which document", values="legal_documents"))
    version = fields.String(metadata=told("Version"))
    title = fields.String(metadata=told("Title"))
    effective_on = fields.Date(allow_none=True, metadata=told("In force since, or from"))
    announced = fields.Boolean(metadata=told("True for a change that binds later only"))
    accept_at_registration = fields.Boolean(metadata=told("An account accepts it expressly"))
    consent = fields.Boolean(metadata=told("Accepting it is a consent to processing"))


class PortalAnswer(Output):
    """The portal."""

    name = fields.String(metadata=told("Name"))
    slug = fields.String(metadata=told("Short name"))
    languages = fields.List(fields.String(), metadata=told("Languages; the first is the default", values="languages"))
    time_zone = fields.String(metadata=told("Zone of the portal"))
    country = fields.String(metadata=told("Country of the portal"))
    publisher = fields.String(allow_none=True, metadata=told("Who publishes it"))
    support_email = fields.String(allow_none=True, metadata=told("Where a person answers"))
    emergency = fields.List(fields.Nested(EmergencyAnswer), metadata=told("Numbers to call, the most fitting first"))
    services = fields.List(fields.Nested(ServiceAnswer), metadata=told("Services offered"))
    documents = fields.List(fields.Nested(DocumentAnswer), metadata=told("Legal documents in force or announced"))


class DocumentText(DocumentAnswer):
    """A legal document with its text."""

    language = fields.String(metadata=told("Language of the text"))
    text = fields.String(metadata=told("The text, Markdown"))
    digest = fields.String(metadata=told("SHA-256 of the text as it is kept in proofs"))


class VersionQuery(Input):
    """Query: which version."""

    version = fields.String(validate=validate.Length(max=60), metadata=told("A version; the one in force where absent"))


def document_of(version: documents.LegalVersion) -> dict[str, Any]:
    """A version as an answer."""
    return {
        "code": version.code,
        "version": version.version,
        "title": version.title(language()),
        "effective_on": version.effective_on,
        "announced": version.announced,
        "accept_at_registration": version.accepted,
        "consent": version.consent,
    }


def today() -> dt.date:
    """The day in the portal's zone."""
    return clock.today(g.tenant.time_zone)


@operation(topic, "GET", "/portal", roles=("public",), answer=PortalAnswer)
def get_portal() -> dict[str, Any]:
    """The portal's public facts."""
    tenant = g.tenant
    config = tenant.config
    sections = config.get("services", {})
    return {
        "name": tenant.name,
        "slug": tenant.slug,
        "languages": tenant.languages,
        "time_zone": tenant.time_zone,
        "country": config["country"],
        "publisher": (config.get("publisher") or {}).get("name"),
        "support_email": (config.get("contact") or {}).get("support_email"),
        "emergency": emergency_numbers(),
        "services": [
            {
                "code": s.code,
                "label": say(s.label),
                "description": say(s.description),
                "channel": s.channel,
                "bookable": s.bookable,
                "duration_minutes": sections[s.code]["duration_minutes"],
            }
            for s in directory.offered_services()
        ],
        "documents": [document_of(v) for v in documents.in_force(tenant, today())],
    }


@operation(
    topic, "GET", "/legal/<code>", roles=("public",), query=VersionQuery, answer=DocumentText,
    refusals={404: "No such document or version"},
)  # fmt: skip
def get_document(query: dict[str, Any], code: str) -> dict[str, Any]:
    """A legal document in the caller's language, in the version in force or the one asked for."""
    found = consent.published(code, query.get("version"))
    if found is None:
        raise shared.absent()
    shown, text = found.text(language())
    return {
        **document_of(found),
        "language": shown,
        "text": content.fill(text, g.tenant.config, shown),
        "digest": found.digest(language()),
    }
