"""What plugins do for core: messages and their ways out, scanners, rooms for video, funds, formats, identity providers."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.messages import Message

Holder = Literal["patient", "professional"]


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A notification: subject and texts by code; bodies are Jinja templates `<plugin>/mail/<code>.{txt,html}`.

    `purpose` is `marketing` for whatever is not needed for a service that the person asked for: it never reaches anybody
    who objected.
    """

    code: str
    subject: Message
    sms: Message | None = None
    channels: tuple[str, ...] = ("in_app", "email")
    purpose: Literal["service", "marketing"] = "service"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one address through a channel provider. `body_html` is empty for SMS."""

    channel: Literal["email", "sms"]
    to: str
    subject: str
    body_text: str
    body_html: str = ""
    sender: str = ""
    reply_to: str = ""
    attachments: tuple[tuple[str, str, bytes], ...] = ()
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True)
class ChannelProvider:
    """A way to deliver e-mail or SMS. `send` raises on failure (the outbox retries); `weight` low is preferred."""

    code: str
    channel: Literal["email", "sms"]
    send: Callable[[Delivery], None]
    weight: int = 100


@dataclass(frozen=True, slots=True)
class ScanVerdict:
    """What a scanner found in a file: `name` is the scanner's short word for what is wrong; None where it is clean."""

    clean: bool
    name: str | None = None


class ScannerAway(Exception):
    """No verdict can be had now: the file waits in quarantine and is tried again. Its words go into the operator's log.

    `this_file_only` says that the scanner works and that others need not wait for it.
    """

    def __init__(self, why: str, *, this_file_only: bool = False) -> None:
        super().__init__(why)
        self.this_file_only = this_file_only


@dataclass(frozen=True, slots=True)
class FileScanner:
    """A way to tell whether a file is harmful; a portal chooses it by `code` (`care.scanner`).

    `scan` takes the whole file and answers within the minute, or raises ScannerAway; it never says clean in doubt.
    """

    code: str
    scan: Callable[[bytes], ScanVerdict]


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A call as a provider sees it: nothing that says who the people are.

    `room` is the same for both, `person` differs; both are opaque and stable for this call. `media` is the way now in
    force. `ends_at` is when the platform ends the call; the provider's room must let nobody in after it.
    """

    room: str
    person: str
    role: Holder
    language: str
    media: Literal["video", "audio", "phone", "message"]
    ends_at: dt.datetime


@dataclass(frozen=True, slots=True)
class JoinLink:
    """One person's way into a provider's room: an https address that is theirs alone and ends with the call.

    `embed` shows it inside the page: then `frame_origins` are the origins that the frame may load and that may use camera
    and microphone. Otherwise it opens in a window of its own.
    """

    url: str
    embed: bool = False
    frame_origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VideoProvider:
    """Somebody who carries picture and sound in place of core's own calls (LiveKit, Jitsi). A portal names it by `code`.

    `join` makes or finds the room and answers one person's way in; it raises on failure. The room lets exactly two people
    in (CB-169) and never records (CB-164): a provider that cannot be told so is not to be offered.
    """

    code: str
    label: Message
    join: Callable[[RoomFacts], JoinLink]
    weight: int = 100


@dataclass(frozen=True, slots=True)
class Fund:
    """Somebody who pays for consultations in units instead of the patient: a partner's quota.

    The plugin reserves the unit itself when it sends the request; core calls `spend` with the consultation's id once it
    was delivered (its report is saved) and `give_back` when it ends without a delivery. Both run in the transaction of
    that step and must be idempotent; what they raise stops the step.
    """

    code: str
    label: Message
    spend: Callable[[uuid.UUID], None]
    give_back: Callable[[uuid.UUID], None]


@dataclass(frozen=True, slots=True)
class ApiTopic:
    """Operations of a plugin for programs, under /api/v1/x/<plugin>.

    `topic` is made by `core.plugin_api.programs.topic`. `scopes` are those that a partner's program can be given for it,
    each with its words; they begin with the plugin's name or are a word of its own, and core has none of the same name.
    """

    code: str
    topic: Any
    scopes: Mapping[str, Message] = field(default_factory=dict)
    weight: int = 100


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One appointment as agenda formats see it: instants in UTC, a title without health words."""

    uid: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    title: str
    location: str
    status: str
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class AgendaFormat:
    """A download format of an agenda: `write` is pure."""

    code: str
    label: Message
    mimetype: str
    extension: str
    write: Callable[[tuple[AgendaEntry, ...]], bytes]
    weight: int = 100


@dataclass(frozen=True, slots=True)
class Exercise:
    """One of the ways and places in which a professional practises, as an identity provider tells it.

    `code` is stable for one person; `label` and `place` are the provider's words; `specialty` is a code of the portal.
    """

    code: str
    label: str
    specialty: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class ProviderSite:
    """Where a provider is found: the issuer that its tokens carry, and its discovery document.

    The document's own endpoints may lie on other hosts; the issuer alone is what tokens are held against.
    """

    issuer: str
    discovery: str


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """A public identity service as a configured OpenID Connect client; a portal enables it by `code`.

    `sites` are the public addresses by `production` and `test`; empty where they follow from a contract.
    `wanted_scopes` are beginnings of scopes that each portal gets for itself. `acr_asked` is sent, one of `acr` must
    come back (none: not checked). `two_factors` says since when which levels count as two factors by themselves.
    `claims` maps a trait (first_name, last_name, birth_date, sex, email, email_verified, phone) to the claims that may
    hold it, the first that is there; `identifier` names the number that `number` reads, compared with the account's.
    `carried` maps names of the plugin's own to claims whose texts travel sealed until the person is signed in or
    connected; then `arrived` gets the account's id and those found, in the transaction of that step. What it raises is
    logged and undone, and stops nobody.
    """

    code: str
    label: Message
    audience: Holder
    sites: Mapping[str, ProviderSite]
    scopes: tuple[str, ...] = ("openid",)
    wanted_scopes: tuple[str, ...] = ()
    acr_asked: str = ""
    acr: tuple[str, ...] = ()
    two_factors: Mapping[dt.date, tuple[str, ...]] = field(default_factory=dict)
    client_auth: Literal["client_secret_post", "client_secret_basic", "private_key_jwt"] = "client_secret_post"
    userinfo: Literal["none", "json", "signed"] = "json"
    encrypted: bool = False
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    country: str | None = None
    identifier: str | None = None
    number: Callable[[Mapping[str, Any]], str | None] | None = None
    exercises: Callable[[Mapping[str, Any]], tuple[Exercise, ...]] | None = None
    help: Message | None = None
    weight: int = 100
    carried: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    arrived: Callable[[uuid.UUID, Mapping[str, str]], None] | None = None
