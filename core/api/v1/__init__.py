"""Version 1 of the JSON API, under /api/v1: the journeys of the pages, for programs."""

from __future__ import annotations

from flask import Flask

from core.api import bearer, openapi, problems
from core.api.operations import make_api
from core.api.v1 import (
    account,
    appointments,
    authorisations,
    colleagues,
    consultations,
    decisions,
    fhir,
    files,
    oauth,
    portal,
    prescriptions,
    professionals,
    record,
    registration,
    rooms,
    session,
)
from core.identity import clients, sessions
from core.identity import pages as identity
from core.notifications.service import base_url

TOPICS = (
    portal.topic,
    session.topic,
    registration.topic,
    account.topic,
    professionals.topic,
    appointments.topic,
    appointments.agenda_topic,
    appointments.decision_topic,
    consultations.topic,
    consultations.desk_topic,
    record.topic,
    files.topic,
    authorisations.topic,
    prescriptions.topic,
    rooms.topic,
    colleagues.topic,
    fhir.topic,
    decisions.topic,
    oauth.topic,
)

WITHOUT_PASSWORD = frozenset({"session.show", "session.end", "session.end_everywhere", "account.change_password"})
WITHOUT_TERMS = frozenset({"account.acceptances", "account.accept"})


def install(app: Flask) -> None:
    """Mount the topics, the documents, and the bearer that takes the place of cookies."""
    problems.install(app)
    bearer.install(app, sessions.load, sessions.open_request, clients.load, clients.TOKEN_PREFIX)
    bearer.ungated(
        app, {identity.password_gate: WITHOUT_PASSWORD, identity.terms_gate: WITHOUT_PASSWORD | WITHOUT_TERMS}
    )
    api = make_api(app)
    app.extensions["portico_api"] = api
    for topic in TOPICS:
        api.register_blueprint(topic)
    for plugin, topics in app.extensions["portico"].runtime.installed().by_plugin("api_topics"):
        for contributed in topics:
            if contributed.topic.plugin != plugin:
                raise ValueError(f"plugin {plugin}: the topic {contributed.code} is not made for this plugin")
            api.register_blueprint(contributed.topic)
    openapi.install(app, base_url)
