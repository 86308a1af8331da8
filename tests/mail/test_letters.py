"""Every kind of letter in every variant, as text and as HTML: nothing missing, nothing empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import css_inline
import pytest
from flask import Flask
from jinja2 import StrictUndefined

from enroll import create_app
from enroll.comments import appeals, questions, service
from enroll.comments import letters as comments
from enroll.mail.models import Letter
from enroll.mail.rendering import render
from enroll.registrations.letters import (
    ADDRESS_NEWS,
    BATCH_NEWS,
    PROMISED,
    REMINDER,
    STAFF_MESSAGE,
)
from tests.mail.samples import BATCH, DEADLINE, Sample, calendar, row
from tests.mail.samples_of_colleagues import COLLEAGUE_SAMPLES
from tests.mail.samples_of_comments import COMMENT, COMMENT_SAMPLES
from tests.mail.samples_of_digests import DIGEST_SAMPLES
from tests.mail.samples_of_news import NEWS_SAMPLES
from tests.mail.samples_of_registrations import LIVE_SAMPLES

FOLDER = Path(__file__).parent.parent.parent / "templates" / "letters"
KINDS = {path.stem for path in FOLDER.glob("*.jinja") if not path.name.startswith("_")}
# They ask for something: until when stands in the subject and in the first sentence.
ASKING = {
    "registration_applied",
    "registration_held",
    "registration_waitlisted",
    "registration_offered",
    "reminder",
}

SAMPLES = LIVE_SAMPLES + NEWS_SAMPLES + COMMENT_SAMPLES + COLLEAGUE_SAMPLES + DIGEST_SAMPLES
# These speak of no batch.
OF_COMMENTS = {sample.kind for sample in COMMENT_SAMPLES}
OF_COLLEAGUES = {sample.kind for sample in COLLEAGUE_SAMPLES + DIGEST_SAMPLES}
OF_NO_BATCH = OF_COMMENTS | OF_COLLEAGUES | {"links"}
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=[one.label for one in SAMPLES])


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application without a database, in which a name that is not there is an error."""
    folder = tmp_path_factory.mktemp("letters")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", f"sqlite:///{folder / 'none.sqlite3'}")
        patch.setenv("ENROLL_INSTANCE", str(folder))
        app = create_app()
    app.jinja_env.undefined = StrictUndefined
    with app.app_context():
        yield app


def read(letter: Letter) -> EmailMessage:
    return message_from_bytes(render(letter), policy=policy.default)


def text_of(message: EmailMessage) -> str:
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(message: EmailMessage) -> str:
    return message.get_body(("html",)).get_content()


def plainly(html: str) -> str:
    """The words of a page, without its marks and its breaks of lines."""
    text = re.sub(r"<[^>]*>", " ", html.partition("<body")[2].partition(">")[2])
    for mark, sign in (("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&#39;", "'")):
        text = text.replace(mark, sign)
    return in_one_line(text)


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def first_words(text: str) -> str:
    """What comes after the greeting, up to the next empty line."""
    return in_one_line(re.split(r"\n\s*\n", text.strip())[1])


def test_every_kind_has_a_sample_and_every_sample_a_template() -> None:
    assert {sample.kind for sample in SAMPLES} == KINDS
    written = {*PROMISED.values(), *BATCH_NEWS, REMINDER, STAFF_MESSAGE, ADDRESS_NEWS}
    written.add("registration_passed")
    said = {*comments.DECISIONS.values(), comments.CONFIRM, comments.REPLY, comments.ANSWER}
    said |= {comments.LINK}
    asked = {questions.CONFIRM, questions.ANSWER, appeals.DECIDED, service.LETTER}
    assert said | asked == OF_COMMENTS
    assert written | {"staff_queue", "opening"} | OF_NO_BATCH == KINDS


def test_every_template_can_be_read_and_has_a_subject(app: Flask) -> None:
    for path in FOLDER.glob("*.jinja"):
        template = app.jinja_env.get_template(f"letters/{path.name}")
        assert path.name.startswith("_") or "subject" in template.blocks, path.name


@each_sample
def test_it_says_what_it_has_to_say_in_text_and_in_html(app: Flask, sample: Sample) -> None:
    message = read(sample.letter())
    text, html = in_one_line(text_of(message)), plainly(html_of(message))
    for words in sample.says:
        for one in words.removeprefix("- ").split("|"):
            assert one in text
            assert one in html
    for words in sample.never:
        assert words not in text
        assert words not in html_of(message)


@each_sample
def test_the_subject_is_one_line_and_says_the_batch(app: Flask, sample: Sample) -> None:
    message = read(sample.letter())
    # A folded header may begin with a space (RFC 5322, 2.2.3).
    assert message["Subject"].strip().startswith(sample.subject)
    assert "\n" not in message["Subject"]
    assert len(message["Subject"]) < 140
    assert sample.kind in OF_NO_BATCH or BATCH["title"] in message["Subject"]


@each_sample
def test_what_is_asked_for_and_until_when_comes_first(app: Flask, sample: Sample) -> None:
    message = read(sample.letter())
    if sample.kind in ASKING and sample.more.get("deadline_at") == DEADLINE:
        assert "12 Mar, 18:00 (Europe/Berlin)" in message["Subject"]
        first = first_words(text_of(message))
        assert "Friday, 12 March 2027, 18:00 (Europe/Berlin)" in first
    assert plainly(html_of(message)).count("Hello") == 1


@each_sample
def test_nothing_is_left_empty(app: Flask, sample: Sample) -> None:
    message = read(sample.letter())
    for part in (text_of(message), plainly(html_of(message))):
        for gap in ("None", "Undefined", "{", "}", "%(", " .", " ,", "()", "&amp;", "[]"):
            assert gap not in part
        assert not re.search(r"\S  +\S", part)
    assert "\n\n\n" not in text_of(message)


@each_sample
def test_every_address_in_it_is_whole(app: Flask, sample: Sample) -> None:
    message = read(sample.letter())
    base = app.config["BASE_URL"]
    addresses = re.findall(r'href="([^"]*)"', html_of(message))
    assert addresses
    for address in addresses:
        assert address.startswith((f"{base}/", "https://meet.example/"))
        assert address in text_of(message)
        assert "/None" not in address
    links = [one for one in addresses if "/registrations/" in one]
    assert all(one.startswith(f"{base}/registrations/") for one in links)
    assert len(links) == len(set(links))


@each_sample
def test_text_and_html_tell_the_same(app: Flask, sample: Sample) -> None:
    """Sentence by sentence: whoever reads only one of them misses nothing."""
    message = read(sample.letter())
    html = re.sub(r"\s+", "", plainly(html_of(message)))
    for block in re.split(r"\n\s*\n", text_of(message).partition("\n-- \n")[0]):
        for line in re.split(r"\. |:\s|\n- ", block):
            assert re.sub(r"\s+|^- ", "", line).rstrip(":.") in html


@each_sample
def test_the_first_words_about_comments_say_what_it_is(app: Flask, sample: Sample) -> None:
    """The greeting, then at once the news: a phone shows no more of it."""
    if sample.kind in OF_COMMENTS:
        first = first_words(text_of(read(sample.letter())))
        assert any(word in first[:60] for word in ("comment", "question", "reply")), first


def test_what_readers_typed_is_text_and_never_markup(app: Flask) -> None:
    words = '<a href="https://evil.example">x</a>'
    comment = COMMENT | {"name": words, "body": words}
    more = {"reason": words, "note": words, "name": words, "question": words, "answer": words}
    for sample in COMMENT_SAMPLES:
        letter = sample._replace(more=sample.more | more | {"comment": comment}).letter()
        assert '<a href="https://evil' not in html_of(read(letter)), sample.kind


def test_what_can_be_ended_can_be_ended_in_one_click(app: Flask) -> None:
    for sample in COMMENT_SAMPLES:
        message, ends = read(sample.letter()), bool(sample.more.get("subscription"))
        assert ("List-Unsubscribe" in message) == ends, sample.kind
        assert ("/unsubscribe/ENDS" in text_of(message)) == ends, sample.kind


def test_the_style_of_every_letter_is_in_its_elements(app: Flask) -> None:
    html = html_of(read(SAMPLES[0].letter()))
    assert "style=" in html
    assert "<style" not in html
    assert css_inline.inline(html) == html or "class=" in html


@pytest.mark.parametrize("runs_already", [False, True])
@each_sample
def test_until_it_is_sure_every_letter_says_when_it_runs(
    app: Flask, sample: Sample, runs_already: bool
) -> None:
    state = "confirmed_to_run" if runs_already else "tentative"
    sure = sample._replace(batch=(sample.batch or {}) | {"state": state, "enrolled": 6})
    text = in_one_line(text_of(read(sure.letter())))
    said = "This batch runs if 10 people join, 6 so far. You will know by" in text
    assert said == (not runs_already and sample.kind not in OF_NO_BATCH)


def test_a_letter_queued_before_an_upgrade_can_be_written(app: Flask) -> None:
    """Its context has none of the words that later versions added."""
    old = {name: value for name, value in BATCH.items() if name not in ("join_link", "bring")}
    letter = row("registration_confirmed", {"name": "", "token": "t", "why": "", "batch": old})
    assert "You are enrolled" in text_of(read(letter))


def test_a_link_of_another_kind_is_words_and_no_link(app: Flask) -> None:
    batch = BATCH | {"join_link": "javascript:alert(1)"}
    letter = row("batch_joining", {"name": "", "token": "t", "batch": batch})
    assert 'href="javascript' not in html_of(read(letter))


def test_staffs_words_are_text_and_never_markup(app: Flask) -> None:
    words = '<a href="https://evil.example">x</a>'
    more = {"reason": words, "name": words, "left": [words], "moved_from": words}
    for kind in ("registration_rejected", "registration_cancelled", "registration_confirmed"):
        batch = BATCH | {"bring": words, "title": words, "place": words}
        letter = row(kind, {"token": "t", "batch": batch, "calendar": calendar()} | more)
        assert '<a href="https://evil' not in html_of(read(letter)), kind


def test_a_comment_s_marks_are_drawn_and_its_links_are_words(app: Flask) -> None:
    said = {"id": 1, "page": "/x", "name": "Asha", "body": "**Now**: [pay](https://evil.example) \u202eold"}
    more = {"comment": said, "is_staff": False, "subscription": "SUB"}
    html = html_of(read(row("comment_reply", more)))
    assert "<strong" in html
    assert 'href="https://evil' not in html
    assert "\u202e" not in html
