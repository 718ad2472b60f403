"""The register of professionals as a table with commas or semicolons: number, last_name, first_name, profession."""

from __future__ import annotations

from core.plugin_api import Domain, RegisterFormat, csv_reader
from plugins.jurisdiction_be.rules.identifiers import check_inami

_ = Domain("jurisdiction_be")
FORMATS = (RegisterFormat("be_table", _("Register of professionals in Belgium"), "BE", csv_reader(check_inami)),)
