"""The flask commands about comments: `flask --app wsgi comments …`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app

from enroll import clock
from enroll.comments import importing, replaying, wordpress
from enroll.comments.exporting import every_comment
from enroll.db import atomically, db


@click.group("comments")
def comments() -> None:
    """What people said under the pages."""


@comments.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--page",
    "pages",
    multiple=True,
    metavar="THEIRS=OURS",
    help="Put the comments of that path under ours, e.g. /ml-guide=/roles/ml-engineer.",
)
@click.option(
    "--site", default="wordpress", help="Remembered, so that twice imports nothing twice."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
def take_over(file: Path, pages: tuple[str, ...], site: str, dry_run: bool) -> None:
    """Import the comments of a WordPress export (WXR)."""
    wrong = [pair for pair in pages if "=" not in pair]
    if wrong:
        raise click.ClickException(f"--page wants THEIRS=OURS, not “{wrong[0]}”.")
    paths = {theirs.rstrip("/"): ours for theirs, _sign, ours in (p.partition("=") for p in pages)}
    try:
        found = list(wordpress.read(file))
        taken = atomically(
            _and_undo if dry_run else importing.take_over,
            comments=found,
            paths=paths,
            source=site,
            language=str(current_app.config["BABEL_DEFAULT_LOCALE"]),
            now=clock.now(),
        )
    except wordpress.BadFile as refusal:
        raise click.ClickException(f"{file} cannot be read: {refusal.facts['why']}") from None
    except _DryRun as run:
        taken = run.taken
    for outcome, number in sorted(taken.counts.items()):
        click.echo(f"{number:6} {outcome}")
    for path, number in taken.unmapped.most_common(20):
        click.echo(f"not said where to put: {path or '(no path)'} ({number})", err=True)
    for words in taken.bad[:20]:
        click.echo(f"left out: {words}", err=True)


@comments.command("export")
@click.option("--page", default="", help="Only what stands under this path.")
@click.option("--with-addresses", is_flag=True, help="Also e-mail addresses: keep the file safe.")
def export(page: str, with_addresses: bool) -> None:
    """Print all comments with their history as JSON, one a line."""
    for told in every_comment(page=page, with_addresses=with_addresses):
        click.echo(json.dumps(told, ensure_ascii=False))


@comments.command("replay")
@click.option("--since", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Day, UTC.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def replay(since: datetime, as_json: bool) -> None:
    """Show what today's rules would have done with the comments decided since then."""
    found = replaying.replay(since=since.replace(tzinfo=UTC))
    db.session.rollback()
    if as_json:
        click.echo(json.dumps(_as_data(found), indent=2))
        return
    click.echo(f"rules of version {found.rule_set}")
    for (is_held, decided), number in sorted(found.outcomes.items()):
        click.echo(f"{number:6} would be {'held' if is_held else 'published'}, were {decided}")
    for (rule, decided), number in sorted(found.rules.items()):
        click.echo(f"{number:6} {rule}, were {decided}")
    if found.differ:
        numbers = ", ".join(map(str, found.differ[:20]))
        click.echo(f"{len(found.differ)} otherwise than decided: {numbers}")


def _as_data(found: replaying.Replay) -> dict[str, object]:
    return {
        "rule_set": found.rule_set,
        "outcomes": [
            {"would_be": "held" if held else "published", "decided": decided, "number": number}
            for (held, decided), number in sorted(found.outcomes.items())
        ],
        "rules": [
            {"rule": rule, "decided": decided, "number": number}
            for (rule, decided), number in sorted(found.rules.items())
        ],
        "differ": found.differ,
    }


class _DryRun(Exception):
    """Rolls back what was only tried."""

    def __init__(self, taken: importing.Taken) -> None:
        super().__init__()
        self.taken = taken


def _and_undo(**given: object) -> importing.Taken:
    raise _DryRun(importing.take_over(**given))  # type: ignore[arg-type]
