"""`dashboard_cards`: for roles that exist; a card renders a template of the plugin, or nothing."""

import uuid

from core.hooks.types import DashboardCard


def test_each_is_complete(implementation, is_code):
    for card in implementation():
        assert isinstance(card, DashboardCard)
        is_code(card.code)
        assert set(card.roles) <= {"patient", "professional", "partner"}


def test_outside_of_a_portal_there_is_nothing_to_say(implementation):
    for card in implementation():
        answer = card.render(uuid.UUID(int=0))
        assert answer is None or (isinstance(answer[0], str) and answer[0].startswith(f"{implementation.plugin}/"))
