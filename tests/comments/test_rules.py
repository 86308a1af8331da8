"""Each rule by example and by property: what it finds, where, and that nothing hides from it."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from flask import Flask
from flask_babel import force_locale
from hypothesis import given
from hypothesis import strategies as st

from enroll.comments import bayes
from enroll.comments.bayes import WordCounts
from enroll.comments.evidence import (
    Circumstances,
    Finding,
    FormToken,
    doubt,
    holds,
    is_likely_spam,
)
from enroll.comments.folding import fold
from enroll.comments.languages import language
from enroll.comments.likeness import likeness
from enroll.comments.rules import RULES, judge
from enroll.comments.sentences import rule_names, sentence
from enroll.comments.words import LISTED

NOTHING_LEARNT = WordCounts(0, 0, {})
PLAIN = Circumstances(
    name="Asha",
    body="How long does the course take?",
    reserved_names=("Northlight Institute", "Meera Pillai"),
    listed_words=LISTED,
    welcome=("en", "hi"),
    form=FormToken.FRESH,
    seconds=60.0,
    trap_filled=False,
    same_text=0,
    address_turned_down=0,
    network_turned_down=0,
    network_lately=1,
    counts=NOTHING_LEARNT,
)


def look(body: str = PLAIN.body, **changes: object) -> dict[str, Finding]:
    """What each rule finds, by its name."""
    found = judge(dataclasses.replace(PLAIN, body=body, **changes))
    return {one.rule: one for one in found}


def matched(finding: Finding) -> list[str]:
    return [one["text"] for one in finding.facts["matches"]]


def test_a_plain_question_is_doubted_by_nobody() -> None:
    assert look() == {}


@pytest.mark.parametrize(
    "text",
    [
        "see https://example.org/a?b=c",
        "see www.example.org",
        "see example.org/path",
        "best-pills.example",
        "hxxp://bad.example/x",
        "t.me/somebody",
        "wa.me/12345",
        "look at example dot com",
        "look at example[dot]com",
        "[here](https://example.org)",
        "bit.ly/abc",
        "example[.]com",
        "ex\u200bample.com",
        "ｅｘａｍｐｌｅ.com",
        "访问example.com查看",
        "请见http://a.example看",
        "казино.онлайн/x",
        "h t t p s : / / x.example",
        "xn--e1afmkfd.xn--p1ai",
    ],
)
def test_links_are_found(text: str) -> None:
    assert look(text)["links"].holds


@pytest.mark.parametrize(
    "text",
    [
        "I write node.js and ASP.NET at work, e.g. in main.py and README.md.",
        "It took 3.5 hours, i.e. a whole evening...so what?",
        "What about CI/CD and TCP/IP?",
        "version 3.11.2 or 3.12?",
        "Dr.Rao was great.Thanks",
        "df.info() prints nothing, and model.to(device) fails",
        "desde el punto de vista del alumno",
        "week.it was great",
    ],
)
def test_what_only_looks_like_a_link_is_none(text: str) -> None:
    assert "links" not in look(text)


def test_every_link_is_counted() -> None:
    found = look(" ".join(f"https://example.org/{number}" for number in range(15)))["links"]
    assert found.facts["count"] == 15
    assert len(found.facts["matches"]) == 10
    assert found.weight > look("https://example.org")["links"].weight


@pytest.mark.parametrize(
    "text",
    [
        "call 98765 43210",
        "+91 98765-43210",
        "९८७६५ ४३२१०",
        "(020) 7946 0958 please",
        "０９８７６５４３２１０",
        "asha@example.org",
        "asha (at) example (dot) org",
        "asha arroba example punto org",
        "nine eight seven six five four three",
        "telegram @somebody_here",
        "whatsapp: asha_91",
        "98 76 54 32 10",
        "nine eight 7 6 five four 3",
        "电话13800138000请",
        "asha at gmail",
        "asha собака example точка ru",
        "微信：abc_123",
        "line id: asha91",
    ],
)
def test_ways_to_reach_somebody_are_found(text: str) -> None:
    assert look(text)["contacts"].holds


@pytest.mark.parametrize(
    "text",
    [
        "The fee is 45,000 or 1,20,000 in 2025-2026",
        "I have 12 years, from 2012 to 2024",
        "Is there a whatsapp group?",
        "a 100 GB disk, 16 GB RAM, 8 cores",
        "batch mle-02 at 18:30 to 20:30",
        "one or two of three",
        "10.000.000 rows",
        "I was at work, then home by nine",
        "Thanks @Girish. You saved me, hi @Tanvi, thanks",
        "on line 12 of main.py, the pipeline 2 fails online 24x7",
        "batch on 12-03-2026, or 2026-03-12",
        "salary 25000-30000 per month",
        "loss went 0.9876 0.1234 0.1111",
        "matrix 0 1 0 0 1 1 0 1",
        "version 10.0.19045.3803",
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert "contacts" not in look(text)


@pytest.mark.parametrize(
    "text",
    [
        "We sell backlinks",
        "we sell B4CKL1NKS",
        "b\u200backlinks",
        "bасklinks (with Cyrillic letters)",
        "BÁCKLINKS",
        "ｂａｃｋｌｉｎｋｓ",
        "guest-post here",
        "guest    post",
        "b a c k l i n k s",
        "b.a.c.k.l.i.n.k.s",
        "back**links**",
        "back&#108;inks",
        "back\ufe0flinks",
        "ʙᴀᴄᴋʟɪɴᴋꜱ",
        "🅱🅰🅲🅺🅻🅸🅽🅺🆂",
    ],
)
def test_listed_words_are_read_through_disguises(text: str) -> None:
    found = look(text)["words"]
    assert found.holds
    for one in found.facts["matches"]:
        assert text[one["begin"] : one["end"]] == one["text"]


def test_a_listed_word_inside_another_is_none() -> None:
    assert "words" not in look("the pipeline spills over", listed_words=("pills", "line"))
    assert "words" in look("two pills", listed_words=("pill*",))
    assert "words" not in look("two pills", listed_words=("pill",))
    assert "words" in look("earning money", listed_words=("earn* money",))
    assert "words" in look("घर बैठे कमाइए", listed_words=("घर बैठे कमा*",))
    assert "words" not in look("घर बैठे कमाइए", listed_words=("घर बैठे कमा",))


@pytest.mark.parametrize(
    "text",
    [
        "Your website says 58,500 and the counsellor 62,000",
        "Can I pay by EMI or is there a loan? My CTC is low",
        "I did data entry for six years",
        "Is there a WhatsApp group for my batch?",
        "I have a part time job, is the evening batch possible?",
        "¿Puedo estudiar desde casa?",
        "¿Necesito título universitario?",
        "Kann ich das von zu Hause lernen?",
        "Нужен ли диплом?",
        "هل يوجد مجموعة واتساب",
        "给老师点赞",
        "没有毕业证可以报名吗",
        "घर बैठे क्लास कर सकते हैं?",
    ],
)
def test_what_honest_people_ask_is_held_by_no_list(text: str) -> None:
    found = look(text, welcome=("en", "hi", "es", "de", "ru", "ar", "zh"))
    assert not {"words", "hints"} & set(found)


def test_everyday_words_hold_only_together() -> None:
    assert "hints" not in look("I did data entry, data entry and again data entry")
    found = look("data entry, a registration fee of 499")["hints"]
    assert found.holds
    assert matched(found) == ["data entry", "registration fee"]


@pytest.mark.parametrize(
    "name",
    [
        "Northlight Institute",
        "NORTHLIGHT  institute",
        "N0rthlight Institute",
        "Northlight Institute Team",
        "Meera Pillai",
        "Мeera Pillai",
        "Pillai Meera",
        "Northlight Support",
    ],
)
def test_names_of_the_house_are_kept(name: str) -> None:
    assert look(name=name)["reserved_name"].holds


def test_a_name_of_one_s_own_is_fine() -> None:
    assert "reserved_name" not in look(name="Meera")
    assert "reserved_name" not in look(name="Natasha Rao", reserved_names=("Asha Rao",))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"same_text": 1}, "duplicate"),
        ({"seconds": 1.0}, "too_fast"),
        ({"trap_filled": True}, "trap"),
        ({"form": FormToken.OLD}, "form"),
        ({"form": FormToken.REPLAYED}, "form"),
        ({"form": FormToken.MISSING}, "form"),
        ({"form": FormToken.FORGED}, "form"),
        ({"form": FormToken.EARLY, "seconds": 2.0}, "too_fast"),
        ({"address_turned_down": 1}, "turned_down"),
        ({"network_turned_down": 1}, "turned_down"),
        ({"network_lately": 11}, "crowd"),
        ({"welcome": ("hi",), "body": "What is this and how do I do it?"}, "language"),
    ],
)
def test_each_circumstance_has_its_rule(changes: dict[str, object], rule: str) -> None:
    found = look(**changes)
    assert list(found) == [rule]
    assert found[rule].holds
    assert found[rule].weight > 0


def test_all_rules_run_and_none_stops_another() -> None:
    found = look(
        "Buy backlinks at https://example.org, call 98765 43210",
        trap_filled=True,
        same_text=3,
        form=FormToken.FORGED,
        address_turned_down=2,
        network_lately=99,
        name="Northlight Institute",
    )
    assert set(found) >= {
        "links",
        "words",
        "contacts",
        "trap",
        "duplicate",
        "form",
        "turned_down",
        "crowd",
        "reserved_name",
    }
    everything = tuple(found.values())
    assert is_likely_spam(everything)
    assert holds(everything)
    assert doubt(everything) == pytest.approx(sum(one.weight for one in everything))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("How do I know that this is the right course for me?", "en"),
        ("क्या यह कोर्स हिंदी में है?", "hi"),
        ("मला हा कोर्स करायचा आहे, फी किती आहे?", "mr"),
        ("இந்த பாடநெறி எவ்வளவு காலம்?", "ta"),
        ("Ist der Kurs auch für Leute, die nicht programmieren?", "de"),
        ("что нужно знать заранее", "ru"),
        ("¿Hay que saber programar para el curso y los ejercicios?", "es"),
        ("学费多少钱", "zh"),
        ("ok", None),
        ("123", None),
        ("kya yeh course hindi mein hai aur fees kitni hogi", "hi"),
    ],
)
def test_languages_are_guessed_or_left_alone(text: str, code: str | None) -> None:
    assert language(text) == code


# ---------------------------------------------------------------- properties

texts = st.text(max_size=300)


@given(body=texts, name=st.text(max_size=40))
def test_any_text_can_be_judged_and_matches_stand_where_they_say(body: str, name: str) -> None:
    for finding in look(body, name=name).values():
        for one in finding.facts.get("matches", []):
            assert body[one["begin"] : one["end"]] == one["text"]


@given(text=texts)
def test_folded_text_knows_its_way_back(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.places)
    assert folded.places == sorted(folded.places)


# Invisible, or looks like the letter: neither changes what a reader sees.
HIDDEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f\u034f\u0336"
LOOK_ALIKES = {
    "a": "аαａ@4",
    "c": "сｃ",
    "e": "еｅ3",
    "i": "іｉ1l",
    "o": "оοｏ0",
    "p": "рｐ",
    "s": "ѕｓ$5",
}


@given(
    data=st.data(),
    word=st.sampled_from(["backlinks", "casino", "guest post", "viagra", "roulette"]),
)
def test_no_disguise_hides_a_listed_word(data: st.DataObject, word: str) -> None:
    dressed = ""
    for place, letter in enumerate(word):
        choice = letter + (
            LOOK_ALIKES.get(letter, "") if place else ""
        )  # the first stays: see fold
        dressed += data.draw(st.sampled_from(choice)) + data.draw(st.text(HIDDEN, max_size=2))
    body = f"dear all, {dressed} here"
    found = look(body)["words"].facts["matches"]
    assert found
    assert all(body[one["begin"] : one["end"]] == one["text"] for one in found)


@given(
    words=st.lists(
        st.sampled_from(["when", "does", "the", "next", "course", "begin", "please", "tell", "me"]),
        min_size=1,
    )
)
def test_look_alikes_have_one_fingerprint(words: list[str]) -> None:
    text = " ".join(words)
    dressed = "  ".join(word.upper() + "!" for word in words) + " 12345 🙂\u200b"
    assert likeness(text) == likeness(dressed)
    assert likeness(text + " https://a.example/1") == likeness(text + " http://b.example/2?x=y")
    assert likeness(text) != likeness(text + " other")
    assert len(likeness(text)) == 64


@given(text=texts)
def test_tokens_hold_no_number_and_no_address(text: str) -> None:
    numbers = " asha@example.org 9876543210 ৯৮৭৬৫৪৩২১০ ௯௮௭௬௫ 一三八 www.example.org/x"
    for token in bayes.tokens(text + numbers):
        assert not any(character.isdigit() for character in token)
        assert "@" not in token
        assert len(token) <= 80


# ---------------------------------------------------------------- the classifier

SPAM = [
    "cheap pills for you today",
    "the best pills cheap delivery now",
    "cheap delivery of pills today only",
]
HONEST = [
    "when does the batch begin",
    "does the course need mathematics",
    "which batch is in the evening",
]


def counts_of(spam: int, honest: int) -> WordCounts:
    words: dict[str, tuple[int, int]] = {}
    for texts_, number, place in ((HONEST, honest, 0), (SPAM, spam, 1)):
        for text in itertools.islice(itertools.cycle(texts_), number):
            for word in bayes.tokens(text):
                pair = list(words.get(word, (0, 0)))
                pair[place] += 1
                words[word] = (pair[0], pair[1])
    return WordCounts(honest, spam, words)


def test_the_classifier_is_silent_until_it_has_seen_enough() -> None:
    assert bayes.opinion(bayes.tokens(SPAM[0]), counts_of(bayes.ENOUGH - 1, 500)) is None
    assert bayes.opinion(bayes.tokens(SPAM[0]), counts_of(500, bayes.ENOUGH - 1)) is None
    assert bayes.opinion(bayes.tokens(SPAM[0]), counts_of(bayes.ENOUGH, bayes.ENOUGH)) is not None


def test_it_knows_the_two_kinds_apart_and_says_by_which_words() -> None:
    counts = counts_of(30, 30)
    spam = bayes.opinion(bayes.tokens(SPAM[0]), counts)
    honest = bayes.opinion(bayes.tokens(HONEST[0]), counts)
    assert spam.chance > 0.9 > 0.1 > honest.chance
    assert dict(spam.words)["pills"] > 0 > dict(honest.words)["batch"]


def test_words_it_never_saw_say_nothing() -> None:
    assert bayes.opinion(["unheard", "never"], counts_of(30, 30)) is None


@given(chosen=st.lists(st.sampled_from(SPAM + HONEST), max_size=6))
def test_a_chance_is_a_chance(chosen: list[str]) -> None:
    found = bayes.opinion(bayes.tokens(" ".join(chosen)), counts_of(40, 30))
    assert found is None or 0 <= found.chance <= 1


def test_what_it_learnt_holds_and_is_explained(app: Flask) -> None:
    found = look(SPAM[0], counts=counts_of(30, 30), listed_words=())["learnt"]
    assert found.holds
    with app.test_request_context(), force_locale("en"):
        assert "pills +" in sentence(found)


# ---------------------------------------------------------------- sentences


def test_every_rule_has_its_sentence_and_its_name(app: Flask) -> None:
    found = look(
        "Buy backlinks at https://example.org, call 98765 43210. Data entry, registration fee. "
        + SPAM[0],
        trap_filled=True,
        same_text=3,
        form=FormToken.FORGED,
        address_turned_down=2,
        network_lately=99,
        name="Northlight Institute",
        counts=counts_of(30, 30),
    )
    found |= look(seconds=1.0) | look("What is this and how do I do it?", welcome=("hi",))
    with app.test_request_context(), force_locale("en"):
        assert set(found) == set(rule_names())
        assert len(found) == len(RULES)
        for finding in found.values():
            words = sentence(finding)
            assert words[0].isupper() or words[0].isdigit()
        for form in (FormToken.OLD, FormToken.REPLAYED, FormToken.MISSING):
            assert sentence(look(form=form)["form"])
    assert "“backlinks”" in sentence(found["words"])
