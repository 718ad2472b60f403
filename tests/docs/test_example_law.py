"""The example's law: its case files are read and answered as they say, by the runner that integrators get."""

from pathlib import Path

import portico_example
import pytest

from core.testing import case_files

CASES, PROBLEMS = case_files.of_module(portico_example)


def test_the_files_are_whole():
    assert PROBLEMS == []
    assert {c.question.name for c in CASES} >= {
        "service_access", "reimbursement", "prescription", "withdrawal", "tax", "retention", "proof",
    }  # fmt: skip
    assert {c.path.parent for c in CASES} == {Path(portico_example.__file__).parent / "cases"}


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_case(case):
    ask = case_files.asker(portico_example)
    assert case_files.differences(case.expect, ask(case)) == ()
    assert case_files.unruled(case, ask(case)) == ""
