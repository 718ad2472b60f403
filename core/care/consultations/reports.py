"""Reports: the professional's written conclusion. Saved once; a correction is the next version; nothing is overwritten.

Saving the first version ends the consultation and releases the money (CB-023).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from core import audit, clock
from core.care.consultations import states
from core.care.consultations.models import Consultation, Report
from core.care.consultations.service import KIND, REPORT, WORDS, Moved, locked, step
from core.db import db
from core.directory.models import Professional
from core.jobs import announce
from core.messages import Message, _
from core.money import funds
from core.money import service as money
from core.promises import service as promises
from core.scheduling import people
from core.scheduling.service_access import may_have
from core.tenancy import keys
from core.web.frame import Refused

PARTS: Mapping[str, Message] = {
    "reason": _("Reason for the consultation"),
    "findings": _("What was found"),
    "conclusion": _("Conclusion"),
    "advice": _("Advice and next steps"),
    "free": _("Further words"),
}
"""The parts of a report in their order; only the conclusion must be written."""
PART_LIMIT = 8000
COVERAGE = ("covered", "not_covered")
CHECK_RIGHTS = "verify_entitlement"
_SEALED = ("reports", "sealed")


@dataclass(frozen=True, slots=True)
class Written:
    """A version of a report, opened. `coverage`: what the physician decided on reimbursement, where it was asked (CB-254)."""

    id: uuid.UUID
    consultation_id: uuid.UUID
    professional_id: uuid.UUID
    version: int
    saved_at: dt.datetime
    parts: Mapping[str, str]
    coverage: str | None


def save(
    professional: Professional,
    consultation_id: uuid.UUID,
    parts: Mapping[str, str],
    *,
    coverage: str | None = None,
    rights_checked: bool = False,
    corrects: int | None = None,
    signed_with: str = "",
) -> Report:
    """Write the report, or a correction of version `corrects`. Raises Refused for what is wrong, Moved where it is too late.

    `signed_with`: the factors by which the author signed in. Saving is their signature: the trail names who, by what, and the
    digest of what was written (IA-116). The first version ends the consultation and pays the professional, once; saving again by mistake is refused.
    """
    row = locked(consultation_id)
    if row.professional_id != professional.id:
        raise Refused(_("There is no such consultation."), status=404)
    kept = _checked(parts)
    if coverage is not None and coverage not in COVERAGE:
        raise Refused(_("Please say whether this teleconsultation can be reimbursed."), status=422)
    if coverage == "covered" and rights_to_check(row, professional) and not rights_checked:
        raise Refused(_("Please confirm that you have checked the patient's rights."), status=422)
    last = _last(row.id)
    if last is None:
        _finish(row)
    elif corrects is None:
        raise Moved(row.state, _("The report is already saved. You can add a corrected version from the consultation."))
    elif corrects != last.version:
        raise Moved(row.state, _("A newer version of this report was saved meanwhile. Please read it first."))
    body = {"parts": kept, "coverage": coverage, "rights_checked": rights_checked}
    made = Report(
        consultation_id=row.id,
        professional_id=professional.id,
        person_id=row.person_id,
        version=1 if last is None else last.version + 1,
        saved_at=clock.now(),
        sealed=keys.seal_json(row.person_id, *_SEALED, body),
        digest=hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest(),
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        "report.saved",
        KIND,
        row.id,
        {"version": made.version, "digest": made.digest, "by": str(professional.id), "signed_with": signed_with},
    )
    announce("report_saved", {"consultation_id": str(row.id), "report_id": str(made.id), "version": made.version})
    return made


def rights_to_check(row: Consultation, professional: Professional) -> list[Message]:
    """What the decision obliges the physician to check before a patient is spared the payment in advance; often nothing."""
    booker = people.booker(row.patient_account_id, row.dependant_id)
    decision = may_have(booker, professional, row.service, row.requested_at.date())
    return [o.message for o in decision.obligations if o.code == CHECK_RIGHTS]


def _checked(parts: Mapping[str, str]) -> dict[str, str]:
    kept = {code: parts.get(code, "").strip() for code in PARTS}
    problems = [
        _("{part}: {found} characters, at most {limit} are possible.", part=PARTS[c], found=len(w), limit=PART_LIMIT)
        for c, w in kept.items()
        if len(w) > PART_LIMIT
    ]
    if not kept["conclusion"]:
        problems.append(_("Please write the conclusion: it is what the patient is waiting for."))
    if problems:
        raise Refused(*problems, status=422)
    return {c: w for c, w in kept.items() if w}


def _finish(row: Consultation) -> None:
    """The consultation ends with its report: from a talk by message directly, from a call once it is over."""
    if row.state == states.IN_PROGRESS and row.limit_minutes is None:
        row.ended_at = clock.now()
        step(row, states.AWAITING_REPORT, "professional")
    if row.state != states.AWAITING_REPORT:
        raise Moved(row.state, WORDS[row.state])
    step(row, states.COMPLETED, "professional")
    row.closed_at, row.closed_by = clock.now(), "professional"
    promises.keep(REPORT, KIND, row.id)
    assert row.professional_id is not None
    funds.spend(row.fund, row.id)
    money.release(row.id, row.professional_id, row.currency)


def _last(consultation_id: uuid.UUID) -> Report | None:
    return db.session.execute(
        select(Report).where(Report.consultation_id == consultation_id).order_by(Report.version.desc()).limit(1)
    ).scalar_one_or_none()


def versions(consultation_id: uuid.UUID) -> list[Written]:
    """All versions, the newest first."""
    rows = db.session.execute(
        select(Report).where(Report.consultation_id == consultation_id).order_by(Report.version.desc())
    ).scalars()
    return [opened(r) for r in rows]


def opened(row: Report) -> Written:
    """A report in clear. Raises keys.Erased after the person's erasure."""
    body = keys.unseal_json(row.person_id, *_SEALED, row.sealed)
    return Written(
        row.id, row.consultation_id, row.professional_id, row.version, row.saved_at, body["parts"], body["coverage"]
    )
