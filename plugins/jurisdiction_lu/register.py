"""The register of professionals as a table with commas or semicolons: number, last_name, first_name, profession."""

from __future__ import annotations

from core.plugin_api import Domain, RegisterFormat, csv_reader
from plugins.jurisdiction_lu.rules.identifiers import check_provider_code

_ = Domain("jurisdiction_lu")
FORMATS = (
    RegisterFormat("lu_table", _("Register of professionals in Luxembourg"), "LU", csv_reader(check_provider_code)),
)
