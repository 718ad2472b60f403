"""A plugin's provider in place of core's own calls: its way in, what its frame may do, and what happens when it fails."""

import portico_example
import pytest

from core.care.rooms import service
from core.db import db
from core.hooks.manager import PluginRuntime
from core.hooks.specs import hookimpl
from core.hooks.types import JoinLink, VideoProvider
from core.messages import Domain
from core.tenancy.current import entered
from core.tenancy.loader import load_folder
from core.tenancy.scaffold import new_tenant
from core.tenancy.schema_care import Care

SEEN = []


class Rooms:
    """A small provider: a frame of its own, or one that misbehaves."""

    portico_api = ">=1.0,<2"
    version = "1.0"

    def __init__(self):
        self.answer = lambda facts: JoinLink(
            f"https://rooms.example.org/{facts.person}", True, ("https://rooms.example.org",)
        )

    @hookimpl
    def video_providers(self):
        def join(facts):
            SEEN.append(facts)
            return self.answer(facts)

        return (VideoProvider("test_rooms", Domain("core")("Call"), join),)


@pytest.fixture
def chosen(frontalia, monkeypatch):
    """The portal uses the provider of the test."""
    made = Rooms()
    dispatcher = frontalia.dispatcher
    collect = type(dispatcher).collect

    def with_ours(self, hook, *arguments, **more):
        own = tuple(made.video_providers()) if hook == "video_providers" else ()
        return (*collect(self, hook, *arguments, **more), *own)

    monkeypatch.setattr(type(dispatcher), "collect", with_ours)
    frontalia.config["care"] = Care().load({"video": {"provider": "test_rooms"}})
    SEEN.clear()
    yield made
    frontalia.config["care"] = Care().load({})


@pytest.fixture
def started(make_room, portals):
    made = make_room()
    with entered(portals["frontalia"].id):
        service.start(service.access_room(made.id, made.professional), made.professional)
        db.session.commit()
    return made


def test_the_page_shows_the_providers_frame_and_opens_to_nothing_else(chosen, started, as_account):
    patient, professional = as_account(started.patient), as_account(started.professional)
    answer = patient.get(started.path)
    body = patient.text(answer)
    assert 'src="https://rooms.example.org/' in body
    assert "data-other" not in body, "core's own call is not there too"
    assert "frame-src https://rooms.example.org" in answer.headers["Content-Security-Policy"]
    assert 'camera=(self "https://rooms.example.org")' in answer.headers["Permissions-Policy"]
    professional.get(started.path)
    first, second = SEEN
    assert (first.role, second.role) == ("patient", "professional")
    assert first.room == second.room
    assert first.person != second.person
    for secret in (started.id, started.patient, started.professional, "Canaryname"):
        assert str(secret) not in repr(SEEN), "a provider learns nothing of who they are"
    other = as_account(started.patient).get("/home")
    assert "frame-src" not in other.headers["Content-Security-Policy"]


def test_nobody_gets_a_way_in_before_the_call_and_after(chosen, make_room, as_account, portals):
    made = make_room()
    visitor = as_account(made.patient)
    assert "rooms.example.org" not in visitor.text(visitor.get(made.path))
    with entered(portals["frontalia"].id):
        service.end(service.access_room(made.id, made.patient), "professional")
        db.session.commit()
    assert "rooms.example.org" not in visitor.text(visitor.get(made.path))
    assert SEEN == []


def test_a_window_of_its_own(chosen, started, as_account):
    chosen.answer = lambda facts: JoinLink("https://elsewhere.example.org/x")
    answer = as_account(started.patient).get(started.path)
    assert 'href="https://elsewhere.example.org/x"' in answer.get_data(as_text=True)
    assert "elsewhere" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("answer", [lambda f: 1 / 0, lambda f: None, lambda f: "https://x", lambda f: JoinLink("http://plain.example"), lambda f: JoinLink("javascript:alert(1)")])  # fmt: skip
def test_a_provider_that_fails_leaves_the_other_ways(chosen, started, as_account, answer):
    chosen.answer = answer
    page = as_account(started.patient).get(started.path)
    body = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "The video service does not answer." in body
    assert "By telephone" in body
    assert "javascript:alert" not in body


def test_origins_that_are_none_are_not_opened(chosen, started, as_account):
    chosen.answer = lambda facts: JoinLink(
        "https://rooms.example.org/x", True, ("https://rooms.example.org; script-src *",)
    )
    assert as_account(started.patient).get(started.path).status_code == 200
    policy = as_account(started.patient).get(started.path).headers["Content-Security-Policy"]
    assert "script-src *" not in policy


def test_a_portal_cannot_name_a_provider_that_nobody_offers(tmp_path):
    runtime = PluginRuntime()
    runtime.discover()
    runtime.register(portico_example, "example")
    folder = new_tenant("own-portal", tmp_path, plugins=("example",))
    file = folder / "tenant.yaml"
    file.write_text(file.read_text() + "\ncare:\n  video: {provider: exampel_rooms}\n")
    (problem,) = [p for p in load_folder(folder, runtime).problems if "provider" in p.key]
    assert problem.key == "care.video.provider"
    assert problem.nearest == "example_rooms"
    file.write_text(file.read_text().replace("exampel", "example"))
    assert not [p for p in load_folder(folder, runtime).problems if "provider" in p.key]
