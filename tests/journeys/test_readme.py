"""The README is the first thing a newcomer believes: what it names must be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from enroll.config import SETTINGS, load_settings
from tests.serving import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def map_of_the_house() -> list[tuple[int, str]]:
    """Every name of the drawn tree with its depth; a line may name several files."""
    drawn = README.partition("## The map of the house")[2].partition("```")[2].partition("```")[0]
    found = []
    for line in drawn.splitlines():
        names = re.match(r"( *)((?:[\w.]+/?(?:, )?)+)", line)
        if names and re.search(r"[./]", names[2]):
            depth = len(names[1]) // 2
            found += [(depth, name) for name in names[2].split(", ") if len(names[1]) < 8]
    return found


def test_every_file_on_the_map_exists() -> None:
    parents: list[str] = []
    listed = set()
    for depth, name in map_of_the_house():
        path = Path(*parents[:depth], name)
        assert (ROOT / path).exists(), f"{path} is on the README's map, but not there"
        parents[depth:] = [name]
        listed.add(str(path))
    assert "enroll/registrations/allocation.py" in listed, "the map was not understood"
    for path in (ROOT / "enroll").iterdir():
        if path.suffix == ".py" or (path / "__init__.py").exists():
            assert str(path.relative_to(ROOT)) in listed, f"{path.name} is not on the map"


def test_every_setting_is_in_the_table() -> None:
    rows = dict(re.findall(r"^\| `.*?(ENROLL_\w+)` .*?\| (.*?) \|", README, re.MULTILINE))
    for setting in SETTINGS:
        said = rows.pop(f"ENROLL_{setting.name}", None)
        assert said is not None, f"ENROLL_{setting.name} is not in the README's table"
        if setting.name != "SECRET_KEY":
            default = setting.default
            shown = str(default).lower() if isinstance(default, bool) else str(default)
            assert said == (shown or "unset"), f"ENROLL_{setting.name}: {said}"
    assert rows.keys() == {"ENROLL_INSTANCE"}, "settings that do not exist"


def test_the_example_settings_make_a_public_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line of .env.example, uncommented, together: known names, and values that go."""
    known = {f"ENROLL_{setting.name}" for setting in SETTINGS} | {"DATABASE_URL"}
    given = dict(re.findall(r"^#([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert given.keys() - known == {"WEB_CONCURRENCY"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    app = Flask(__name__)
    load_settings(app)
    assert app.config["IS_PUBLIC"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_command_exists(app: Flask) -> None:
    named = set(re.findall(r"flask --app wsgi ([a-z-]+)", README)) - {"shell", "db"}
    assert named
    assert named <= app.cli.commands.keys()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for task in set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)):
        assert re.search(rf"^{task}:", makefile, re.MULTILINE), f"make {task}"


def test_pictures_are_there_and_light() -> None:
    for name in re.findall(r'src="(.+?)"', README):
        assert 0 < (ROOT / name).stat().st_size < 150_000, name
