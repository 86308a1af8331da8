"""What people try to get into a page: OWASP's list of filter evasions, and Markdown made of its pieces."""

from __future__ import annotations

import random
from pathlib import Path

KNOWN = Path(__file__).with_name("xss.txt").read_text(encoding="utf-8").splitlines()
PIECES = [
    *(
        "[x](",
        "![x](",
        "](",
        ")",
        "<",
        ">",
        "[a]: ",
        "[a]",
        "`",
        "```\n",
        "~~~\n",
        "**",
        "_",
        "> ",
        "- ",
        "1. ",
    ),
    *(
        "javascript:",
        "JaVa\tscript:",
        "java&#10;script:",
        "&#106;avascript:",
        "javascript&colon;",
        "vbscript:",
    ),
    *(
        "data:text/html,",
        "data:image/svg+xml,",
        "//evil.example/",
        "https://evil.example/",
        "mailto:x@evil.example",
    ),
    *(
        "alert(1)",
        "<script>",
        "</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<iframe src=",
    ),
    *(
        "<math><mtext>",
        "<style>",
        "</style>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<form action=",
        "<base href=",
    ),
    *(
        ' onclick="alert(1)"',
        ' style="x"',
        ' id="main"',
        "\n",
        "\n\n",
        "    ",
        "\t",
        '"',
        "'",
        "&quot;",
        "&lt;",
    ),
    *(
        "\\",
        "\u202e",
        "\u200b",
        "\u2028",
        "\u0001",
        "\ufeff",
        "é",
        "हि",
        "</p>",
        "</div>",
        "<p title='",
        "<noscript>",
    ),
    *(
        "<a href=",
        "<x@evil.example>",
        "<https://evil.example>",
        "<javascript:alert(1)>",
        "<template>",
        "&#x6A;",
        "&#x202e;",
        "[](https://evil.example)",
        "[x](https://evil.example 'onclick=alert(1)')",
        "9. ",
    ),
]


def made(number: int = 2000, seed: int = 5) -> list[str]:
    """So many Markdown inputs, the same each time: random pieces, and known attacks cut and joined."""
    chance = random.Random(seed)  # noqa: S311 - guards nothing
    inputs = []
    for _ in range(number):
        pieces = chance.choices([*PIECES, *chance.sample(KNOWN, 12)], k=chance.randint(2, 14))
        if chance.random() < 0.3:
            one = chance.choice(KNOWN)
            pieces.append(one[: chance.randint(1, len(one))])
        inputs.append("".join(pieces))
    return inputs
