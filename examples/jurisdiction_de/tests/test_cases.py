"""Every case of `cases/`, one test each."""

import jurisdiction_de
import pytest

from core.testing import case_files

CASES, PROBLEMS = case_files.of_module(jurisdiction_de)
ASK = case_files.asker(jurisdiction_de)


def test_the_files_can_be_read():
    assert PROBLEMS == []
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_case(case):
    assert case_files.differences(case.expect, ASK(case)) == ()
    assert case_files.unruled(case, ASK(case)) == ""
