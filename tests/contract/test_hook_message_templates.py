"""`message_templates`: codes of the plugin's own, channels that exist, and a body in text and HTML for each."""

import re
from dataclasses import replace
from pathlib import Path

from core.hooks.types import MessageTemplate


def test_each_is_complete(implementation, says):
    for template in implementation():
        assert isinstance(template, MessageTemplate)
        assert template.code.startswith(implementation.plugin)
        says(implementation.plugin, template.subject)
        assert template.channels
        assert set(template.channels) <= {"in_app", "email", "sms"}
        if "sms" in template.channels:
            # `portal`, `link`, `name` and the parameters of the sending are given when it is sent.
            given = {name: name for name in re.findall(r"\{(\w+)\}", template.sms.msgid)}
            says(implementation.plugin, replace(template.sms, params=given))


def test_each_has_its_bodies(implementation, everyone):
    folder = Path(everyone.modules[implementation.plugin].__file__).parent / "templates" / "mail"
    for template in implementation():
        for kind in ("txt", "html"):
            assert (folder / f"{template.code}.{kind}").is_file(), f"{template.code}.{kind}"
