"""The contract as decided cases, and the kit's checks."""

import pytest

from core.testing.conformance import conformance_of
from plugins import insurer_assistance as plugin

test_conformance = conformance_of("insurer_assistance")


@pytest.mark.rule(
    "IA-009", "IA-012", "IA-013", "IA-014", "IA-024", "IA-037", "IA-038", "IA-039", "IA-040", "IA-041", "IA-044",
    "IA-045", "IA-046", "IA-047", "IA-048", "IA-075", "IA-076", "IA-077", "IA-078", "IA-079", "IA-080", "IA-081",
    "IA-082", "IA-083", "IA-084", "IA-085",
)  # fmt: skip
def test_case(case, agrees):
    agrees(case, getattr(plugin, case["question"]))
