"""Members by the insurer's programs (OAuth 2 client credentials): a closed list of fields both ways, nothing of health.

No number stands in an address: the insurer's number of an insured person often is the contract number (IA-010).
"""

from __future__ import annotations

import uuid
from typing import Any

import marshmallow as ma
from flask import g
from marshmallow import fields, validate
from sqlalchemy import select

from core.plugin_api import ApiTopic, Domain
from core.plugin_api.programs import (
    MOST_CASES,
    Input,
    Output,
    Problem,
    flatten,
    operation,
    take_from_minute,
    told,
    topic,
)
from core.plugin_api.tables import db, record
from plugins.insurer_assistance import cases, listing, members, reading
from plugins.insurer_assistance.listing import Listed
from plugins.insurer_assistance.models import Member
from plugins.insurer_assistance.rules.contract import REASONS, ROLES

_ = Domain("insurer_assistance")
SCOPE = "members"
MOST = MOST_CASES
_SHORT = validate.And(validate.Length(min=1, max=reading.LONGEST_TEXT), validate.Regexp(r"(?s).*\w"))
members_topic = topic(
    cases.NAME,
    "members",
    "The insurer's list of who is covered, for its programs. No health data, in either direction.",
)


class MemberInput(Input):
    """One line of the list; nothing else of a person is taken."""

    number = fields.String(required=True, validate=_SHORT, metadata=told("The insurer's own number of the person"))
    contract_number = fields.String(required=True, validate=_SHORT, metadata=told("Contract number"))
    role = fields.String(required=True, validate=validate.OneOf(ROLES), metadata=told("Role under the contract"))
    last_name = fields.String(required=True, validate=_SHORT, metadata=told("Last name"))
    first_name = fields.String(required=True, validate=_SHORT, metadata=told("First name"))
    birth_date = fields.Date(required=True, format="iso", metadata=told("Birth date"))
    opens_on = fields.Date(required=True, format="iso", metadata=told("First day of the rights"))
    closes_on = fields.Date(
        load_default=None, allow_none=True, format="iso", metadata=told("Last day of the rights; none: open")
    )
    residence = fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Z]{2}\Z"),
        metadata=told("Country of residence, ISO 3166-1 alpha-2"),
    )
    protected = fields.Boolean(required=True, truthy={True}, falsy={False}, metadata=told("Protected adult"))
    exclusions = fields.List(
        fields.String(validate=validate.OneOf(REASONS)), load_default=list, validate=validate.Length(max=len(REASONS)),
        metadata=told("What the contract leaves out of its own (with the insured person)"),
    )  # fmt: skip

    @ma.validates_schema
    def _days(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("closes_on") and data["closes_on"] < data["opens_on"]:
            raise ma.ValidationError("lies before opens_on", "closes_on")
        if not reading.OLDEST <= data["birth_date"] <= members.local_day():
            raise ma.ValidationError("is no day on which somebody who is covered was born", "birth_date")


class MemberAnswer(Output):
    """What the list holds of somebody: never a name, a number, a use of the service or a fact of health."""

    id = fields.UUID(metadata=told("Our id of the person: the address of GET and DELETE"))
    role = fields.String(metadata=told("Role under the contract"))
    opens_on = fields.Date(metadata=told("First day of the rights"))
    closes_on = fields.Date(allow_none=True, metadata=told("Last day of the rights"))
    residence = fields.String(metadata=told("Country of residence"))
    protected = fields.Boolean(metadata=told("Protected adult"))
    exclusions = fields.List(fields.String(), metadata=told("What the contract leaves out of its own"))
    listed = fields.Boolean(metadata=told("False once taken off the list"))


class MemberDone(MemberAnswer):
    """A line that was taken, and what it did."""

    done = fields.String(metadata=told("added, changed or unchanged"))


class MemberNumberInput(Input):
    """Whom to look for."""

    number = fields.String(required=True, validate=_SHORT, metadata=told("The insurer's own number of the person"))


class MemberBatchInput(Input):
    """Up to 1,000 lines, each taken or refused by itself; the same again changes nothing."""

    members = fields.List(
        fields.Raw(metadata={"$ref": "#/components/schemas/MemberInput"}), required=True,
        validate=validate.Length(min=1, max=MOST), metadata=told("Lines as in PUT"),
    )  # fmt: skip


class MemberLineProblem(Output):
    """A line that was not taken."""

    index = fields.Integer(metadata=told("Its place in the list sent, from 0"))
    errors = fields.List(fields.Dict(), metadata=told("Wrong values: `pointer` and `detail`"))


class MemberBatchAnswer(Output):
    """What became of the lines."""

    added = fields.Integer(metadata=told("People who are new on the list"))
    changed = fields.Integer(metadata=told("People whose line changed"))
    unchanged = fields.Integer(metadata=told("People whose line was there as it is"))
    errors = fields.List(fields.Nested(MemberLineProblem), metadata=told("Lines that were not taken; the others were"))


# What goes either way is this and nothing else: a test fails when a field is added (IA-091).
TAKEN, GIVEN = tuple(MemberInput._declared_fields), tuple(MemberDone._declared_fields)
_REFUSALS = {403: "The token lacks the scope “members”", 422: "Wrong values", 429: "Too many lines this minute"}


def _count(lines: int) -> None:
    wait = take_from_minute(g.client.id, lines)
    if wait:
        raise Problem(
            429, "too_many_tries", _("Too many lines in this minute. Please wait."), headers={"Retry-After": str(wait)}
        )


def _answer(row: Member, done: str = "") -> dict[str, Any]:
    cover = members.cover_of(row)
    names = ("id", "role", "opens_on", "closes_on", "residence", "protected")
    answer = {n: getattr(row, n) for n in names} | {"exclusions": cover.exclusions, "listed": row.removed_at is None}
    return answer | ({"done": done} if done else {})


def _found(member_id: uuid.UUID) -> Member:
    row: Member | None = Member.get(member_id)
    if row is None:
        raise Problem(404, "not_found", _("Nobody on the list has this id."))
    return row


@operation(
    members_topic,
    "PUT",
    "/members",
    roles=("client",),
    scope=SCOPE,
    body=MemberInput,
    answer=MemberDone,
    refusals=_REFUSALS,
)
def put_member(data: dict[str, Any]) -> dict[str, Any]:
    """Add somebody to the list, or bring them up to date by the insurer's number.

    Safe to repeat: the same again changes nothing. The answer holds our id of the person.
    """
    _count(1)
    row, done = listing.put_told(Listed(**data), "api")
    answer = _answer(row, done)
    db.session.commit()
    return answer


@operation(
    members_topic, "POST", "/members/search", roles=("client",), scope=SCOPE, body=MemberNumberInput, answer=MemberAnswer,
    refusals=_REFUSALS | {404: "Nobody has this number"},
)  # fmt: skip
def find_member(data: dict[str, Any]) -> dict[str, Any]:
    """Find somebody by the insurer's number, which stands in the body so that no address or log holds it."""
    _count(1)
    row = db.session.execute(
        select(Member).where(Member.key_blind == members.key_mark(data["number"]))
    ).scalar_one_or_none()
    if row is None:
        raise Problem(404, "not_found", _("Nobody on the list has this number."))
    return _answer(row)


@operation(
    members_topic, "GET", "/members/<uuid:member_id>", roles=("client",), scope=SCOPE, answer=MemberAnswer,
    refusals=_REFUSALS | {404: "Nobody has this id"},
)  # fmt: skip
def show_member(member_id: uuid.UUID) -> dict[str, Any]:
    """What the list holds of somebody, by our id."""
    _count(1)
    return _answer(_found(member_id))


@operation(
    members_topic, "DELETE", "/members/<uuid:member_id>", roles=("client",), scope=SCOPE, answer=None, status=204,
    refusals=_REFUSALS | {404: "Nobody has this id"},
)  # fmt: skip
def remove_member(member_id: uuid.UUID) -> str:
    """Take somebody off the list: no new request, and what is under way goes on to its end. Safe to repeat."""
    _count(1)
    listing.take_off_row(_found(member_id).id)
    db.session.commit()
    return ""


@operation(
    members_topic, "POST", "/members/batch", roles=("client",), scope=SCOPE, body=MemberBatchInput, answer=MemberBatchAnswer,
    refusals=_REFUSALS,
)  # fmt: skip
def put_members(data: dict[str, Any]) -> dict[str, Any]:
    """Up to 1,000 lines at once. A line that is wrong, or whose number stands there twice, is told by its index.

    The others are taken, all in one transaction. Large lists come in several calls, one after the other.
    """
    _count(len(data["members"]))
    schema, good, errors = MemberInput(), [], []
    for index, raw in enumerate(data["members"]):
        try:
            good.append((index, Listed(**schema.load(raw))))
        except ma.ValidationError as error:
            errors.append({"index": index, "errors": flatten(error.messages, "json")})
    good, twice = _once(good)
    errors += [{"index": i, "errors": [{"pointer": "#/number", "detail": "stands there twice"}]} for i in twice]
    counted = dict.fromkeys((listing.ADDED, listing.CHANGED, listing.UNCHANGED), 0)
    # In the order of their digests: two calls at once take their rows in one order.
    for _index, line in sorted(good, key=lambda one: members.contract_mark(one[1].contract_number)):
        counted[listing.put_told(line, "api", trail=False)[1]] += 1
    record("assistance.members", "client", g.client.id, {**counted, "errors": len(errors)})
    db.session.commit()
    return {**counted, "errors": sorted(errors, key=lambda e: e["index"])}


def _once(good: list[tuple[int, Listed]]) -> tuple[list[tuple[int, Listed]], list[int]]:
    by_key: dict[bytes, list[int]] = {}
    for index, line in good:
        by_key.setdefault(members.key_mark(line.number), []).append(index)
    twice = [i for places in by_key.values() if len(places) > 1 for i in places]
    return [(i, line) for i, line in good if i not in set(twice)], twice


TOPICS = (ApiTopic(SCOPE, members_topic, {SCOPE: _("Add, change and remove members of the insurer's list")}),)
__all__ = ["GIVEN", "TAKEN", "TOPICS", "members_topic"]
