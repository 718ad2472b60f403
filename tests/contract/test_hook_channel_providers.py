"""`channel_providers`: one code for a way, a channel that exists, a `send` that raises when it fails."""

import pytest

from core.hooks.types import ChannelProvider, Delivery


def test_each_is_complete(implementation, is_code):
    found = implementation()
    assert found
    for provider in found:
        assert isinstance(provider, ChannelProvider)
        is_code(provider.code)
        assert provider.channel in ("email", "sms")
        assert callable(provider.send)


def test_no_two_have_one_code(all_of):
    codes = [p.code for p in all_of("channel_providers")]
    assert len(codes) == len(set(codes))


def test_what_cannot_be_sent_raises(everyone):
    (provider,) = everyone.modules["example"].channel_providers()
    provider.send(Delivery("sms", "+33639980000", "", "Hello"))
    with pytest.raises(ValueError, match="without a number"):
        provider.send(Delivery("sms", "", "", "Hello"))
