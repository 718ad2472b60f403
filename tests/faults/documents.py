"""Run as a program inside an installation: a portal whose files clamd looks at, and files that wait for it."""

from __future__ import annotations

import copy
import io
import json
import sys
import uuid

from werkzeug.datastructures import FileStorage

from core.care.documents import service as documents
from core.care.documents.scanners import EICAR
from core.cli import environment
from core.db import db
from core.tenancy import service
from core.tenancy.current import entered
from core.tenancy.loader import load_folder
from core.testing.makers import make_account
from tests.faults.portal import ROOT, SLUG

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n% {words}\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def main(count: int) -> None:
    """Every second file holds the test string of the antivirus makers. All is committed."""
    with environment.working() as app:
        loaded = load_folder(ROOT / "tenants" / SLUG, app.extensions["portico"].runtime)
        assert loaded.bundle is not None
        bundle = copy.deepcopy(loaded.bundle)
        bundle["config"]["care"]["scanner"] = "clamd"
        done = service.store(bundle, "trials")
        service.go_live(SLUG, "trials")
        with entered(done.tenant_id):
            author = make_account(email="sender@example.org")
            for number in range(count):
                data = PDF.replace(b"{words}", EICAR if number % 2 else b"words")
                upload, wrong = documents.receive(FileStorage(io.BytesIO(data), filename="a.pdf"), kind="document")
                assert upload is not None, str(wrong)
                documents.keep(
                    upload, person_id=author.person_id, subject_kind="trial", subject_id=uuid.uuid4(),
                    author_account_id=author.id, kind="document", name="a.pdf",
                )  # fmt: skip
                db.session.commit()
    print(json.dumps({"tenant": done.tenant_id}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
