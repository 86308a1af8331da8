"""Which addresses are asked back about, and that the question never takes anything away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enroll.addresses import PROVIDERS, suggest_address

LOCAL = st.text("abcxyz0159.+_-@", min_size=1, max_size=12)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LONG = [one for one in PROVIDERS if len(one.partition(".")[0]) >= 5]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.cm", "gmail.com"),
        ("gmail.in", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmal.cmo", "gmail.com"),
        ("gimal.com", "gmail.com"),
        ("GMIAL.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("yaho.com", "yahoo.com"),
        ("yahoo.om", "yahoo.com"),
        ("yaho.co.in", "yahoo.co.in"),
        ("outlok.com", "outlook.com"),
        ("rediffmial.com", "rediffmail.com"),
        ("redifmail.com", "rediffmail.com"),
        ("web.ed", None),
        ("northlight.con", "northlight.com"),
        ("example.ogr", "example.org"),
    ],
)
def test_slips_that_people_make(typed: str, meant: str | None) -> None:
    assert suggest_address(f"asha@{typed}") == (f"asha@{meant}" if meant else None)


@pytest.mark.parametrize(
    "domain",
    [
        *PROVIDERS,
        *("ymail.com", "mail.com", "email.com", "me.com", "example.org", "example.com", "yahoo.ca"),
        *("yahoo.com.br", "hotmail.co.jp", "outlook.co.id", "iitb.ac.in", "northlight.in", "tcs.com"),
        *("bmail.org", "company.co", "kingston.ac.uk", "mailbox.org", "posteo.de", "demo.example"),
        *("localhost", ""),
    ],
)
def test_an_address_that_may_be_right_is_not_questioned(domain: str) -> None:
    assert suggest_address(f"asha@{domain}") is None


@given(LOCAL, st.sampled_from(LONG), st.data())
def test_one_slip_in_a_large_providers_name_is_asked_about(
    local: str, domain: str, data: st.DataObject
) -> None:
    name, _, ending = domain.partition(".")
    at = data.draw(st.integers(0, len(name) - 2))
    slipped = data.draw(
        st.sampled_from(
            [
                name[:at] + name[at + 1 :],
                name[:at] + name[at + 1] + name[at] + name[at + 2 :],
                name[:at] + data.draw(st.sampled_from(LETTERS)) + name[at:],
                name[:at] + data.draw(st.sampled_from(LETTERS)) + name[at + 1 :],
            ]
        )
    )
    typed = f"{slipped}.{ending}"
    found = suggest_address(f"{local}@{typed}")
    if found is None:  # it is somebody's, or the name of a provider with another ending
        is_real = suggest_address(f"x@{slipped}.com") is None
        assert typed in PROVIDERS or slipped in {one.partition(".")[0] for one in PROVIDERS} or is_real
    else:
        assert found.rpartition("@")[0] == local


@given(LOCAL, st.text(LETTERS + ".-", max_size=20))
def test_a_suggestion_is_never_questioned_itself(local: str, domain: str) -> None:
    found = suggest_address(f"{local}@{domain}")
    if found is not None:
        assert found.rpartition("@")[0] == local
        assert found != f"{local}@{domain}"
        assert suggest_address(found) is None


@given(st.text(max_size=40))
def test_any_text_at_all_is_taken(text: str) -> None:
    suggest_address(text)
