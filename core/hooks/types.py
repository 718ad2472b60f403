"""What plugins contribute: frozen values that core collects, sorts by weight and name, and never changes.

What they do for core, such as sending messages or scanning files, stands in `types_services` and is found here too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.events import Event as Event
from core.hooks.types_services import AgendaEntry as AgendaEntry
from core.hooks.types_services import AgendaFormat as AgendaFormat
from core.hooks.types_services import ApiTopic as ApiTopic
from core.hooks.types_services import ChannelProvider as ChannelProvider
from core.hooks.types_services import Delivery as Delivery
from core.hooks.types_services import Exercise as Exercise
from core.hooks.types_services import FileScanner as FileScanner
from core.hooks.types_services import Fund as Fund
from core.hooks.types_services import Holder as Holder
from core.hooks.types_services import IdentityProvider as IdentityProvider
from core.hooks.types_services import JoinLink as JoinLink
from core.hooks.types_services import MessageTemplate as MessageTemplate
from core.hooks.types_services import ProviderSite as ProviderSite
from core.hooks.types_services import RoomFacts as RoomFacts
from core.hooks.types_services import ScannerAway as ScannerAway
from core.hooks.types_services import ScanVerdict as ScanVerdict
from core.hooks.types_services import VideoProvider as VideoProvider
from core.messages import Message


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
    """A link in the portal's navigation, for one or several roles.

    Of the role `partner` only accounts of these `parties`, where some are named, and which hold this `right`, where one is.
    `when` is asked with the account's id at each page: keep it to one small query.
    """

    code: str
    label: Message
    endpoint: str
    icon: str
    roles: tuple[str, ...]
    weight: int = 100
    parties: tuple[str, ...] = ()
    right: str = ""
    when: Callable[[Any], bool] | None = None


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
