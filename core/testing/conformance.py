"""The conformance tests of a plugin.

from core.testing.conformance import Conformance

class TestConformance(Conformance):
    plugin = "jurisdiction_xx"
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.testing import checks


class Conformance:
    """One test for each check of `core.testing.checks`, of the plugin that `plugin` names. Needs no database."""

    plugin: str = ""

    @pytest.fixture(scope="class")
    def subject(self, request: pytest.FixtureRequest) -> Iterator[checks.Subject]:
        """The plugin among all that are installed."""
        yield checks.subject(request.cls.plugin)

    @pytest.mark.parametrize("check", checks.CHECKS, ids=[c.__name__ for c in checks.CHECKS])
    def test_it_conforms(self, subject: checks.Subject, check: checks.Check) -> None:
        found = [checks.place(subject, problem) for problem in check(subject)]
        assert not found, "\n" + "\n".join(found)
