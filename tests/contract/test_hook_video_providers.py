"""`video_providers`: one code for a way to carry picture and sound, an address that is one person's alone, nobody recorded."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from core.hooks.types import JoinLink, RoomFacts, VideoProvider

FACTS = RoomFacts("room-7", "person-1", "patient", "fr", "video", dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC))


def test_each_is_complete(implementation, is_code, says):
    found = implementation()
    assert found
    for provider in found:
        assert isinstance(provider, VideoProvider)
        is_code(provider.code)
        says(implementation.plugin, provider.label)
        assert provider.code != "peer", "that is core's own"
        link = provider.join(FACTS)
        assert isinstance(link, JoinLink)
        assert link.url.startswith("https://")
        assert bool(link.frame_origins) == link.embed
        for origin in link.frame_origins:
            assert link.url.startswith(origin + "/")


def test_each_person_has_a_way_of_their_own(implementation):
    for provider in implementation():
        other = dataclasses.replace(FACTS, person="person-2", role="professional")
        assert provider.join(FACTS).url != provider.join(other).url


def test_no_two_have_one_code(all_of):
    codes = [p.code for p in all_of("video_providers")]
    assert len(codes) == len(set(codes))


def test_what_it_cannot_do_it_says(everyone):
    (provider,) = everyone.modules["example"].video_providers()
    with pytest.raises(ValueError, match="no picture"):
        provider.join(dataclasses.replace(FACTS, media="phone"))
