"""The kit's checks as tests of a plugin, one for each check:

from core.testing.conformance import conformance_of

test_conformance = conformance_of("jurisdiction_de")
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest

from core.testing import checks
from core.testing.checks import Subject

__all__ = ["conformance_of"]


@lru_cache(maxsize=16)
def _subject(target: str) -> Subject:
    """A plugin, loaded once for all its checks. Raises NoSuchPlugin."""
    (place,) = checks.places(target)
    return checks.load(place)


def conformance_of(plugin: str) -> Callable[[str], None]:
    """A test function, parametrized by check, that holds an installed plugin (or a folder) against the kit."""

    @pytest.mark.parametrize("check", list(checks.CHECKS))
    def test_conformance(check: str) -> None:
        subject = _subject(plugin)
        if subject.runtime is None and check not in checks.WITHOUT_LOADING:
            pytest.skip("the plugin does not load: see `loads`")
        found = checks.run(subject, [check])
        if found:
            pytest.fail("\n".join(map(str, found)), pytrace=False)

    return test_conformance
