"""Messages between two professionals: found, written, read by these two alone, told once."""

import threading
import uuid

import pytest
from sqlalchemy import select, text

from core.care.colleagues import threads
from core.care.colleagues.models import ColleagueMessage, ColleagueThread
from core.db import db
from core.tenancy import keys
from core.tenancy.current import entered
from core.testing.makers import signed_in
from core.web.frame import Refused


@pytest.mark.rule("CB-129")
def test_a_colleague_is_found_without_accents_and_by_specialty(desk_of, colleague):
    me = colleague("Zoé Chercheuse")
    colleague("Éléonore Müller", "cardiology")
    colleague("Paul Autre")
    desk = desk_of(me)
    page = desk.text(desk.get("/colleagues?q=eleonore+muller"))
    assert "Éléonore Müller" in page
    assert "Paul Autre" not in page
    page = desk.text(desk.get("/colleagues?q=&specialty=cardiology"))
    assert "Éléonore Müller" in page
    assert "Paul Autre" not in page
    assert "Nobody was found" in desk.text(desk.get("/colleagues?q=zoe"))  # not oneself
    assert "Nobody was found" in desk.text(desk.get("/colleagues?q=%25"))


@pytest.mark.rule("CB-129")
def test_two_write_to_each_other_in_order_and_are_told_once(desk_of, colleague, frontalia, inbox):
    one, two = colleague(), colleague()
    first, second = desk_of(one), desk_of(two)
    answer = first.post(f"/colleagues/with/{two.id}", {"text": "Bonjour <b>canary</b>", "key": "a"})
    path = answer.headers["Location"].partition("#")[0]
    first.post(path, {"text": "Zweite Zeile", "key": "b"})
    first.post(path, {"text": "Zweite Zeile", "key": "b"})  # sent twice by an impatient finger
    told = [m for m in inbox() if "A colleague" in m.subject or "written to you" in m.subject]
    assert len(told) == 1
    assert "canary" not in told[0].body_text
    assert path in told[0].body_text
    assert "2 new messages" in second.text(second.get("/colleagues"))
    page = second.text(second.get(path))
    assert page.count("Zweite Zeile") == 1
    assert page.index("Bonjour &lt;b&gt;canary&lt;/b&gt;") < page.index("Zweite Zeile")
    assert "new message" not in second.text(second.get("/colleagues"))
    assert second.post(path, {"text": "Merci", "key": "a"}).status_code == 302  # the other's keys are their own
    assert len([m for m in inbox() if "written to you" in m.subject]) == 2
    first.get(path)
    first.post(path, {"text": "Encore", "key": "c"})
    second.get(path)  # read before anybody was told: nobody is told any more
    assert len([m for m in inbox() if "written to you" in m.subject]) == 2
    first.post(path, {"text": "Encore une", "key": "d"})
    assert len([m for m in inbox() if "written to you" in m.subject]) == 3
    # The thread is one, whoever opens it.
    assert second.get(f"/colleagues/with/{one.id}").headers["Location"].endswith(path)
    with entered(frontalia.id):
        assert len(db.session.execute(select(ColleagueThread)).all()) == 1


@pytest.mark.rule("CB-129")
def test_nobody_else_reads_a_thread(desk_of, colleague, browse, frontalia):
    one, two, third = colleague(), colleague(), colleague()
    with entered(frontalia.id):
        row = threads.write(one, two.id, "canary words")
        db.session.commit()
        stored = db.session.execute(select(ColleagueMessage)).scalar_one()
        assert b"canary" not in stored.sealed
    path = f"/colleagues/{row.id}"
    stranger = desk_of(third)
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, {"text": "x"}).status_code == 404
    assert stranger.get(f"/colleagues/{uuid.uuid4()}").status_code == 404
    assert "canary" not in stranger.text(stranger.get("/colleagues"))
    patient = browse()
    signed_in(patient, frontalia.id)
    assert patient.get(path).status_code == 403
    assert patient.get("/colleagues").status_code == 403


@pytest.mark.parametrize(("words", "said"), [("  ", "Please write a message"), ("x" * 5001, "at most 5,000")])
def test_words_that_are_wrong_are_told_and_kept(desk_of, colleague, words, said):
    one, two = colleague(), colleague()
    desk = desk_of(one)
    answer = desk.post(f"/colleagues/with/{two.id}", {"text": words})
    assert answer.status_code == 422
    assert said.replace(",", "") in desk.text(answer).replace(",", "")
    assert words.strip()[:50] in desk.text(answer)


def test_one_writes_to_listed_colleagues_only(inside, colleague):
    one, two = colleague(), colleague()
    two.listed = False
    db.session.commit()
    for wanted in (two.id, one.id, uuid.uuid4()):
        with pytest.raises(Refused) as refused:
            threads.write(one, wanted, "x")
        assert refused.value.status == 404


@pytest.mark.rule("CB-122")
def test_a_colleague_whose_account_is_closed_is_neither_found_nor_written_to(desk_of, colleague, frontalia):
    from core.identity import moderation

    one, two = colleague(), colleague("Ancien Confrère")
    with entered(frontalia.id):
        row = threads.write(one, two.id, "before")
        db.session.commit()
        moderation.close(two.account_id)
        db.session.commit()
    desk = desk_of(one)
    assert "Nobody was found" in desk.text(desk.get("/colleagues?q=ancien"))
    page = desk.text(desk.get(f"/colleagues/{row.id}"))
    assert "before" in page
    assert "no longer listed" in page
    assert desk.post(f"/colleagues/{row.id}", {"text": "after"}).status_code == 404


def test_what_an_erased_author_wrote_is_gone_and_the_rest_stays(inside, colleague):
    from core.identity import people

    one, two = colleague(), colleague()
    row = threads.write(one, two.id, "mine")
    threads.write(two, one.id, "theirs")
    db.session.commit()
    keys.destroy_person_key(people.person_of(one.account_id))
    db.session.commit()
    assert [x.text for x in threads.lines(row, two)] == [None, "theirs"]


def test_both_begin_at_the_same_instant_and_have_one_thread(whole_app, inside, colleague):
    one, two = colleague(), colleague()
    view, failures, gate = inside, [], threading.Barrier(2)

    def begin(me, other):
        try:
            with whole_app.app_context(), entered(view.id):
                gate.wait(20)
                threads.write(me, other.id, "first")
                db.session.commit()
        except Exception as error:
            failures.append(error)

    both = [threading.Thread(target=begin, args=pair) for pair in ((one, two), (two, one))]
    for t in both:
        t.start()
    for t in both:
        t.join(60)
    assert failures == []
    assert db.session.execute(text("SELECT count(*) FROM colleague_threads")).scalar_one() == 1
    assert db.session.execute(text("SELECT count(*) FROM colleague_messages")).scalar_one() == 2
