"""A brand and a moment."""

import datetime as dt

import pytest

from core.care.papers.blocks import Brand

MADE = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
SQUARE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><rect width="40" height="10" fill="#0b5fa5"/></svg>'
)


@pytest.fixture
def brand():
    return Brand(
        name="Frontalia", logo=SQUARE, brand="#0b5fa5", legal_line="Frontalia SAS, Metz", about="Une personne répond"
    )


@pytest.fixture
def made():
    return MADE
