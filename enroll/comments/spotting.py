"""Spots addresses of other sites, and ways to reach somebody, also when they are dressed up. Pure.

Every repetition in the patterns has a bound: five thousand characters of anything take milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers

from enroll.comments.folding import plain

Span = tuple[int, int]

_CLEAR = (  # endings that are no words and no names in programs
    "com|net|org|biz|xyz|ru|cn|eu|fr|pk|bd|ng|cc|ws|su|gg|uk|es|tv|ly|gl|ai|vip|icu|cyou|guru|example|test|invalid|"
    "ca|au|jp|br|nl|pl|ch|cf|ga|ml|tk|se|dk|cz|ro|ua|kz|vn|th|ph|sg|hk|kr|za|ke|gh|ae|tr|mx|lk|np|online|website|"
    "casino|bet|click|club|shop|рф|рус|онлайн|сайт|москва|भारत|中国|公司|网址|香港"
)
_WORDY = "info|top|to|in|me|app|id|io|link|store|site|dev|live|pro|space|tech|co|us|de|be"
_COMMON = "com|org|xyz|ru|biz|example|test|invalid"
# Scripts that set no spaces touch Latin letters: \b would see no border between them.
_BEGIN, _END = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_LINKS = re.compile(
    rf"""(?xi)
    {_BEGIN}(?:https?|hxxps?|h\*\*ps?|ftp)\s?[:;]\s?//\s?[^\s]+
    | {_BEGIN}h\st\st\sp(?:\ss)?\s?:[^\n]{{0,80}}
    | <a\s{{1,3}}href\s?=[^\s>]*
    | \[url\b[^\]\s]*\]
    | {_BEGIN}www\s?[.]\s?[^\s.]{{1,63}}\.\S+
    | {_BEGIN}xn--[a-z0-9-]{{2,60}}\.[a-z0-9-]{{2,60}}
    | (?<![\w.@-])(?:t|wa|bit|m|fb)\s?\.\s?(?:me|ly|gg)\s?/\s?\S+
    # A host: names in programs (asp.net, df.info) and calls (model.to()) are none.
    | (?<![@\w.-])(?!(?:asp|vb|ml|ado|self|cls|df|np|pd|plt|tf)\.)
      (?:{_LABEL}[.。]){{0,4}}[^\W_][\w-]{{0,61}}[^\W_][.。]
      (?:{_CLEAR}|{_WORDY}){_END}(?![@(]|-\w|\.\w)(?:[/?\#:]\S*)?
    # An ending not in the list needs a path that is no “and/or”, and no file's ending.
    | (?<![@\w.-])(?:{_LABEL}\.){{0,3}}[^\W_][\w-]{{0,61}}[^\W_]\.
      (?!(?:py|md|js|ts|txt|csv|html?|css|json|ya?ml|ipynb|sql|sh|java|cpp|pdf|zip|gz|tar|xlsx?|docx?)/)
      [a-z]{{2,24}}/[^\s/]{{0,80}}[\d?=_/-]\S*
    | \b\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?::\d{{1,5}})?/\S+
    # Spelt out. “Punto de” is Spanish, so only what is in brackets may end in a word.
    | \b[\w-]{{2,63}}\s?[(\[{{]\s?(?:\.|dot|punto|punkt|точка|डॉट)\s?[)\]}}]\s?(?:{_CLEAR}|{_WORDY})\b
    | \b[\w-]{{2,63}}\s(?:dot|punto|punkt|точка|डॉट)\s(?:{_COMMON}|net|info|online|shop|site)\b
    | \b[\w-]{{2,63}}(?:\s\.\s?|\.\s|,)(?:com|xyz|ru|example|test|invalid)\b(?!\s?[,.]\s?\w)
    """
)
_AT = r"(?:@|\(at\)|\[at\]|\{at\}|\(a\)|\(?собака\)?|एट|\bat\b|\barroba\b)"
_SPELT_DOT = r"(?:\(dot\)|\[dot\]|\{dot\}|\(\.\)|\[\.\]|\bdot\b|\bpunto\b|\(?точка\)?|डॉट)"
_ADDRESS = re.compile(
    rf"""(?xi)
    [\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{2,24}}){{1,4}}{_END}
    | [\w.+-]{{2,64}}\s?{_AT}\s?[\w-]{{2,63}}
      (?:\s?(?:{_SPELT_DOT}|\.)\s?[\w-]{{2,24}}){{0,2}}\s?{_SPELT_DOT}\s?[\w-]{{2,24}}
    | [\w.+-]{{2,64}}\s?{_AT}\s?[\w-]{{2,63}}\s?[.,]\s?(?:{_COMMON}|net)\b
    | [\w.+-]{{2,64}}\s?{_AT}\s?(?:g\s?mail|yahoo|outlook|hotmail|rediff\s?mail|proton\s?mail|ymail|yandex)\b
    """
)
_MESSENGER = (
    rf"(?:{_BEGIN}(?:whats\s?app|telegram|tg|insta(?:gram)?|viber|wechat|skype|snapchat|discord|qq|vx)(?![A-Za-z])"
    r"|вайбер|телеграм\w{0,4}|व्हाट्सए?प|टेलीग्राम|வாட்ஸ்அப்|واتساب|تلغرام|تليجرام|微信|[vV]信|薇信|q群|加群)"
)
# Words of every day: only a name with @, or after “id”, makes them more.
_ASKING = rf"{_BEGIN}(?:line|dm|signal){_END}"
_ID = r"(?:id|no|number|handle|channel)"
_NAME = r"(?=\w{0,40}[_\d])(?!\d{1,2}x\d)\w{4,40}"
_HANDLE = re.compile(
    rf"""(?xi)
    {_MESSENGER}\W{{0,6}}(?:(?:{_ID}|me|on|at|is)\b\W{{0,4}}){{0,3}}(?:@\w{{3,40}}|{_NAME})
    | {_MESSENGER}\s{{0,2}}{_ID}\b\W{{0,4}}\w{{2,30}}[._]\w{{2,30}}
    | {_ASKING}\W{{0,6}}(?:(?:{_ID}|me|on|at|is)\b\W{{0,4}}){{0,3}}@\w{{3,40}}
    | {_ASKING}\W{{0,3}}id\b\W{{0,4}}{_NAME}
    | @\w{{4,40}}(?=.{{0,40}}{_MESSENGER})
    | @\w{{2,30}}_?bot\b
    """
)
_DIGITS = re.compile(
    r"(?<![A-Za-z0-9_.])(?:\+|00)?\(?\d(?:[\s().-]{0,2}[\dOo]){7,14}(?![A-Za-z0-9_]|[.,]\d)"
)
_NO_NUMBER = re.compile(
    r"""(?x)
    \d{1,3}(?:[.,]\d{2,3})+                                # 10.000.000
    | \d{4}\s?[-–]\s?\d{4}                                 # 2025-2026
    | \d{1,2}00\d?0?\s?[-–]\s?\d{1,4}00 | \d{2,4}000\s?[-–]\s?\d{2,4}000   # 25000-30000
    | (?:\d{4}[-.\s]\d{1,2}[-.\s]\d{1,2}|\d{1,2}[-.]\d{1,2}[-.]\d{4})(?:\s\d{1,2}(?:[.-]\d{2})?)?  # dates
    | \d{1,3}\.\d+(?:\s\d{1,3}\.\d+)*                      # 0.98 0.12
    | (?:\d\s){7,8}\d | (?:[01]\s?)+                       # rows of a matrix, bits
    | \d{1,3}(?:\s\d{1,3}){2,3}(?<!\d{3}\s\d{3}\s\d{3})    # 10 20 30 40, no number in five pairs
    | (?:\d{1,2}0\s){2,7}\d{1,2}0                          # 100 200 300
    | (?:19|20)\d{2}(?:\s(?:19|20)\d{2})+                  # years
    | \d{1,4}(?:\.\d{1,5}){2,4}                            # 10.0.19045.3803
    """
)
_NUMERALS = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple|ek|teen|char|paanch|panch|chhe|cheh|saat|aath|"
    r"nau|shunya|cero|uno|dos|do|tres|cuatro|cinco|seis|siete|ocho|nueve|शून्य|एक|दो|तीन|चार|पाँच|पांच|छह|छः|सात|आठ|नौ|"
    r"[零一二三四五六七八九幺])"
)
_SPELT = re.compile(rf"(?i)(?:(?:{_NUMERALS}|\d)[\s,.-]{{0,3}}){{6,20}}")
_NUMERAL = re.compile(rf"(?i){_NUMERALS}")


def spot_links(text: str) -> list[Span]:
    """Where addresses of other sites stand, in their order, none inside another."""
    seen = plain(text)
    return [seen.span(*_trimmed(seen.text, match.span())) for match in _LINKS.finditer(seen.text)]


def spot_contacts(text: str) -> list[Span]:
    """Where telephone numbers, e-mail addresses and names in messengers stand; the widest of those
    that overlap."""
    seen = plain(text)
    spans = sorted(
        {seen.span(*_trimmed(seen.text, one)) for one in _contacts(seen.text)},
        key=lambda one: (one[0], -one[1]),
    )
    kept: list[Span] = []
    for begin, end in spans:
        if not kept or begin >= kept[-1][1]:
            kept.append((begin, end))
    return kept


def _contacts(text: str) -> Iterator[Span]:
    for pattern in (_ADDRESS, _HANDLE):
        yield from (match.span() for match in pattern.finditer(text))
    for match in _SPELT.finditer(text):
        # “One or two” is speech; two numerals and the length of a number are none.
        words = len(_NUMERAL.findall(match.group()))
        if words >= 2 and words + sum(one.isdecimal() for one in match.group()) >= 6:
            yield match.span()
    for match in _DIGITS.finditer(text):
        digits = sum(one.isdecimal() for one in match.group())
        if digits >= 8 and not _NO_NUMBER.fullmatch(match.group()):
            yield match.span()
    for found in phonenumbers.PhoneNumberMatcher(text, "IN"):
        if not _NO_NUMBER.fullmatch(found.raw_string):
            yield found.start, found.end


def _trimmed(text: str, span: Span) -> Span:
    """Without white space at its ends."""
    begin, end = span
    piece = text[begin:end]
    return begin + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
