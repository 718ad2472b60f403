"""What plugins contribute: frozen values that core collects, sorts by weight and name, and never changes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.events import Event as Event
from core.messages import Message

Holder = Literal["patient", "professional"]


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of an identifier check: the normalised value, or what is wrong with it and how to mend it.

    `warning` is for a value that is accepted although a check failed (RPPS and NISS in test mode).
    """

    value: str
    error: Message | None = None
    warning: Message | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


@dataclass(frozen=True, slots=True)
class IdentifierType:
    """A kind of number with its check. `check` takes the typed text and never raises.

    `unique` identifiers are unique per tenant through the blind index.
    """

    code: str
    label: Message
    country: str
    holder: Holder
    check: Callable[[str], Checked]
    example: str
    help: Message | None = None
    inputmode: Literal["numeric", "text"] = "text"
    unique: bool = True
    secret: bool = True


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A kind of supporting document, of patients or of professionals (CB-014 to CB-016).

    `kept_after_check` False: the copy is erased once an operator validated on it, because no law asks to keep it; that it
    was supplied and checked stays known.
    """

    code: str
    label: Message
    holder: Holder
    country: str | None = None
    help: Message | None = None
    kept_after_check: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold for a category or a status.

    kinds: `residence` / `workplace` (value: ISO country, confirmed by the patient), `identifier` (value: identifier
    type present and checked), `document` (value: document type with a copy), `declared` (value: a declaration made),
    `residence_elsewhere` (value ignored: a country outside those of the enabled jurisdictions).
    """

    kind: Literal["residence", "workplace", "identifier", "document", "declared", "residence_elsewhere"]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """What a jurisdiction says a patient is. All conditions must hold; the highest `specificity` wins.

    `requires` names plugins that must be enabled too (CB-053).
    """

    code: str
    label: Message
    description: Message
    conditions: tuple[Condition, ...]
    specificity: int = 10
    requires: tuple[str, ...] = ()
    weight: int = 100


@dataclass(frozen=True, slots=True)
class Status:
    """A status that a patient of some categories can carry, with the proof it needs (CB-051, CB-052)."""

    code: str
    label: Message
    description: Message
    categories: tuple[str, ...]
    conditions: tuple[Condition, ...]
    proof: str | None = None
    weight: int = 100


@dataclass(frozen=True, slots=True)
class PracticeCountry:
    """A country whose jurisdiction accepts professionals (CB-055), with what they must supply (CB-091, CB-092).

    `identifiers` and `documents` are codes of `IdentifierType` and `DocumentType`; `register` names the identifier
    that makes a registration unique, or None where no number is asked (LU, CB-092).
    """

    country: str
    label: Message
    identifiers: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    register: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """Something a professional delivers. `care_class` is `in_person`, `tele_advice` or `teleconsultation` (CB-045).

    `home_page` is the endpoint where a patient begins, for a service that a plugin runs by pages of its own. `patient_page` and `professional_page` are endpoints of the plugin's own pages of one consultation, with the argument
    `consultation_id`: core's pages lead there.
    """

    code: str
    label: Message
    description: Message
    channel: Literal["in_person", "message", "video", "phone"]
    care_class: Literal["in_person", "tele_advice", "teleconsultation"]
    icon: str = "calendar"
    bookable: bool = True
    weight: int = 100
    home_page: str | None = None
    patient_page: str | None = None
    professional_page: str | None = None


@dataclass(frozen=True, slots=True)
class Specialty:
    """A specialty of a nomenclature; `medical` alone decides physician or allied (CB-037).

    `until` is the day from which a newer version of the nomenclature no longer has it: old records keep its name, forms
    offer it no more (CB-272).
    """

    code: str
    label: Message
    medical: bool
    country: str | None = None
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday of a country (legal days only)."""

    date: dt.date
    name: str
    country: str


@dataclass(frozen=True, slots=True)
class EmergencyNumber:
    """A number to call; `kind` sorts: general, ambulance, fire, police, accessible, on_duty, listening."""

    number: str
    label: Message
    country: str
    kind: str = "general"
    sms: bool = False
    weight: int = 100


@dataclass(frozen=True, slots=True)
class LegalReference:
    """Law that governs a party: `topic` is `applicable_law`, `data_protection`, `force_majeure` or `adverse_effects`.

    `party` is a patient category code or `professional:<country>`. The link of `adverse_effects` is where a professional
    declares a suspected adverse effect of a medicine.
    """

    topic: Literal["applicable_law", "data_protection", "force_majeure", "adverse_effects"]
    party: str
    citation: str
    label: Message
    url: str | None = None
    rule: str | None = None
    weight: int = 100


@dataclass(frozen=True, slots=True)
class PrescriptionMention:
    """One thing that a prescription must say, which its prescriber confirms before it is issued (CB-190).

    `country` is the prescriber's; `kinds` are those of the question `prescription`; `reference` cites the law. A mention
    of `cross_border` is asked for only where the prescription is meant for another country of the European Union too.
    """

    code: str
    label: Message
    country: str
    reference: str
    kinds: tuple[str, ...] = ("medicine",)
    cross_border: bool = False
    weight: int = 100


@dataclass(frozen=True, slots=True)
class PharmacySpace:
    """How a pharmacist of a country is let in with the code of a proof (CB-186, CB-188).

    `place` and `person` are codes of identifier types of professionals: the pharmacy's number and the pharmacist's.
    The pharmacist's stands in the country's imported register with one of `professions`.
    """

    country: str
    label: Message
    place: str
    person: str
    professions: tuple[str, ...]
    weight: int = 100


@dataclass(frozen=True, slots=True)
class GoLiveCheck:
    """A thing a portal must have before it goes live: `missing` names the key, `message` says what and how."""

    key: str
    message: Message
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A link in the portal's navigation, for one or several roles; `parties`: of the role `partner` only those of these."""

    code: str
    label: Message
    endpoint: str
    icon: str
    roles: tuple[str, ...]
    weight: int = 100
    parties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DashboardCard:
    """A card on a role's home: `render` takes the account id and returns (template, context) or None."""

    code: str
    roles: tuple[str, ...]
    render: Callable[[Any], tuple[str, Mapping[str, Any]] | None]
    weight: int = 100


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """Work done every `every_seconds`, per tenant that enables the plugin; `run` takes no argument."""

    code: str
    every_seconds: int
    run: Callable[[], None]


@dataclass(frozen=True, slots=True)
class ProcessingEntry:
    """A line of the register of processing activities (GDPR article 30; CB-287)."""

    code: str
    purpose: Message
    legal_basis: Message
    data: Message
    recipients: Message
    retention: Message


Answer = Literal["text", "long_text", "number", "choice", "yes_no", "when", "date", "professional"]


@dataclass(frozen=True, slots=True)
class RegisterField:
    """One question of a health register.

    `kind`: text, long_text, number (with `unit`, `least`, `most`, `decimals`), choice (of `choices`: code, words), yes_no,
    when (a past year, month or day), date (a whole day, also to come), professional (of this portal, who practises in
    `country` and is of `profession` where they are given). `only_when` (field, answer) asks it after that answer alone;
    `only_for` `holder` or `dependant` asks it of the account's own person, or of those it acts for. A yes on a field with
    `status` declares that patient status too: one declaration, not two.
    """

    code: str
    label: Message
    kind: Answer = "text"
    required: bool = True
    help: Message | None = None
    choices: tuple[tuple[str, Message | str], ...] = ()
    unit: str = ""
    least: int | None = None
    most: int | None = None
    decimals: int = 0
    only_when: tuple[str, str] | None = None
    only_for: Literal["anyone", "holder", "dependant"] = "anyone"
    country: str | None = None
    profession: Literal["physician", "allied"] | None = None
    status: str = ""


@dataclass(frozen=True, slots=True)
class HealthRegister:
    """A part of the health profile (CB-197 to CB-200).

    `form` is one form (`single`), any number of entries (`list`), or the images and documents of the portal
    (`documents`). `need`: a `mandatory` register opens the services, an `asked` one is only reminded of, an `optional`
    one may stay empty. `none_label` is the answer “none” of a list. `edited_in` says whether it is filled in with the
    profile or with the patient's own data, where the profile only shows it.
    """

    code: str
    label: Message
    help: Message
    fields: tuple[RegisterField, ...] = ()
    form: Literal["single", "list", "documents"] = "list"
    need: Literal["mandatory", "asked", "optional"] = "optional"
    none_label: Message | None = None
    only_for_sex: Literal["female", "male"] | None = None
    only_for_categories: tuple[str, ...] = ()
    edited_in: Literal["profile", "account"] = "profile"
    icon: str = "clipboard2-pulse"
    weight: int = 100


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
