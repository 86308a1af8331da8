"""What differs from person to person is filled in as words, never as marks, and unknown marks are found."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from flask import Flask

from enroll.mail.rendering import render
from enroll.registrations.placeholders import blank, fill, fill_html, unknown
from tests.mail.samples import BATCH, row

VALUES = {
    "name": "Asha Verma",
    "batch": "Evening & weekend",
    "starts": "Monday, 5 April 2027",
    "ends": "Friday, 25 June 2027",
    "link": "https://enroll.example/registrations/TOKEN",
}
HOSTILE = [
    "<script>alert(1)</script>",
    '<a href="https://evil.example">x</a>',
    "[press](https://evil.example) **now**",
    '"><img src=x onerror=alert(1)>',
    "{link}",
    "{{ config }} {% raw %}",
    "Asha\r\nBcc: victim@example.org",
    "Asha\n\n# Pay here",
    "gpj.\u202eexe\u2066",
    "%7Blink%7D",
    "https://personal-link.invalid/",
]


def test_all_of_them_are_filled_in() -> None:
    words = "{name}, {batch}: {starts} to {ends}. {link}"
    filled = fill(words, VALUES)
    assert filled == (
        "Asha Verma, Evening & weekend: Monday, 5 April 2027 to Friday, 25 June 2027. "
        "https://enroll.example/registrations/TOKEN"
    )
    html = fill_html(words, VALUES)
    assert "Evening &amp; weekend" in html
    assert f'<a href="{VALUES["link"]}">{VALUES["link"]}</a>' in html


@pytest.mark.parametrize("text", ["{token}", "{ name }", "{Name}", "{}", "{name.email}", "{0}"])
def test_anything_else_in_braces_is_found(text: str) -> None:
    assert unknown(f"Dear {{name}}, {text}") == [text[1:-1]]


@pytest.mark.parametrize("text", ["no braces", "{name} and {link}", "a { b", "} {", "f{\nx}"])
def test_the_rest_is_fine(text: str) -> None:
    assert unknown(text) == []


def test_the_link_may_stand_behind_words() -> None:
    html = fill_html("[My *own* page]({link}) and {link}", VALUES)
    assert html.count(f'href="{VALUES["link"]}"') == 2
    assert "personal-link.invalid" not in html


def test_within_an_address_a_name_is_percent_encoded() -> None:
    values = VALUES | {"name": '"><script>&x=y'}
    html = fill_html("[form](https://form.example/?who={name})", values)
    assert 'href="https://form.example/?who=%22%3E%3Cscript%3E%26x%3Dy"' in html


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(app: Flask, name: str) -> None:
    """In subject, text and HTML, as the letter is really rendered."""
    message = {"subject": "For {name}", "text": "Dear {name},\n\n- {name}\n\n> **{name}**"}
    letter = row("staff_message", {"name": name, "token": "T", "batch": BATCH, "message": message})
    raw = render(letter)
    mail = message_from_bytes(raw, policy=policy.default)
    html = mail.get_body(("html",)).get_content()
    text = mail.get_body(("plain",)).get_content()
    assert mail["Bcc"] is None
    assert [str(mail["To"])] == mail.get_all("To") == ["asha@example.org"]
    assert not any(f"<{tag}" in html.lower() for tag in ("script", "img"))
    assert '<a href="https://evil' not in html
    assert html.count("<h1") == 0
    for unseen in "\u202e\u2066":
        assert unseen not in html + text + str(mail["Subject"])
    # "{link}" as a name is filled in nowhere: the token stands only in our own button.
    assert text.count("/registrations/T") == 1
    flat = " ".join(name.replace("\u202e", "").replace("\u2066", "").split())
    assert f"Dear {flat}," in text


def test_words_taken_out_are_whole_words() -> None:
    assert blank("An annoying Anna, AN", ["An"]) == "An annoying Anna, AN"
    told = blank("Asha Verma (asha.verma@x.org) and Asha Vermal", ["asha verma", "asha.verma@x.org"])
    assert told == "… (…) and Asha Vermal"
