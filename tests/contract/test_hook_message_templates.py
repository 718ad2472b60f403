"""`message_templates`: codes of the plugin's own, channels that exist, and a body in text and HTML for each."""

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
            says(implementation.plugin, template.sms)


def test_each_has_its_bodies(implementation, everyone):
    folder = Path(everyone.modules[implementation.plugin].__file__).parent / "templates" / "mail"
    for template in implementation():
        for kind in ("txt", "html"):
            assert (folder / f"{template.code}.{kind}").is_file(), f"{template.code}.{kind}"
