"""A professional, a patient, a Monday."""

import pytest

from core import clock
from core.db import db
from core.testing.makers import MONDAY, make_booker, make_professional


@pytest.fixture
def monday():
    """Monday 23 November 2026, 7:00 in Paris."""
    with clock.at(MONDAY):
        yield MONDAY


@pytest.fixture
def somebody(inside, monday):
    return make_professional()


@pytest.fixture
def anna(inside, monday):
    booker = make_booker()
    db.session.commit()
    return booker
