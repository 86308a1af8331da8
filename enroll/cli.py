"""The flask commands: `flask --app wsgi …`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import sqlalchemy as sa
from flask import Flask, current_app

from enroll import backup, clock, demo, doctor, worker
from enroll.accounts.duties import Duty
from enroll.accounts.inviting import Gone, make_link
from enroll.accounts.staffing import add_staff
from enroll.batches.indexing import fill_anew
from enroll.catalog.files import SHIPPED, NotOurs, dump_catalog, publish_folder, write_folder
from enroll.catalog.folders import BadContent, read_folder
from enroll.catalog.notation import printable
from enroll.cli_comments import comments
from enroll.db import atomically, db
from enroll.refusal import Refused
from enroll.registrations import outages
from enroll.registrations.audit import audit
from enroll.schema import missing_guards


def init_app(app: Flask) -> None:
    """Give the application its commands."""
    seldom = (back_up, restore, catalog, search, comments, tell_outage)
    for command in (work, load_demo, check, add, link, examine, *seldom):
        app.cli.add_command(command)


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, then stop.")
def work(once: bool) -> None:
    """End holds, offer seats, send letters; until SIGTERM."""
    worker.work(once=once)


@click.command("demo")
@click.option("--if-empty", is_flag=True, help="Do nothing if there is a batch already.")
def load_demo(if_empty: bool) -> None:
    """Load the demo content; running it again changes nothing."""
    try:
        demo.load_demo(only_if_empty=if_empty)
    except demo.NotForThePublic as refusal:
        raise click.ClickException(str(refusal)) from None
    base = current_app.config["BASE_URL"]
    click.echo(
        f"\n  Enroll:    {base}/\n  Mailbox:   {base}/mailbox\n  Staff:     {base}/staff/login"
    )
    path = demo.sign_in_file()
    if path.is_file():
        sign_in = json.loads(path.read_text())
        click.echo(f"             {sign_in['email']}\n             {sign_in['password']}\n")


@click.command("audit")
@click.option("--json", "as_json", is_flag=True, help="Print the figures and problems as JSON.")
def check(as_json: bool) -> None:
    """Re-derive every seat from the rows and histories; exit 2 if something does not add up."""
    found = _in_one_snapshot(lambda: audit(clock.now()))
    with db.engine.connect() as connection:
        found["problems"] += [f"the database lacks {name}" for name in missing_guards(connection)]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        for code, figures in found["batches"].items():
            click.echo(f"{code}: " + ", ".join(f"{name} {n}" for name, n in figures.items()))
        for problem in found["problems"]:
            click.echo(f"PROBLEM: {problem}", err=True)
        click.echo(f"{len(found['problems'])} problems")
    if found["problems"]:
        sys.exit(2)


def _in_one_snapshot(read: Callable[[], dict]) -> dict:
    """Everything read inside is of one moment. (SQLite's deferred BEGIN is a snapshot anyway.)"""
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    found = read()
    db.session.rollback()
    return found


@click.command("staff-add")
@click.argument("email")
@click.option("--name", prompt=True)
@click.option(
    "--duty",
    "duties",
    multiple=True,
    type=click.Choice([duty.value for duty in Duty]),
    help="May be given several times.",
)
@click.password_option()
def add(email: str, name: str, duties: tuple[str, ...], password: str) -> None:
    """Make a staff account."""
    try:
        atomically(
            add_staff,
            email=email,
            name=name,
            password=password,
            duties=[Duty(duty) for duty in duties],
            now=clock.now(),
        )
    except Refused as refusal:
        raise click.ClickException(f"{type(refusal).__name__}: {refusal}") from None
    click.echo(f"{email} may sign in at {current_app.config['BASE_URL']}/staff/login")


@click.command("staff-link")
@click.argument("email")
def link(email: str) -> None:
    """Print a link to set another password, and take the second proofs away; for who is locked out."""
    try:
        token = atomically(make_link, email=email)
    except Gone:
        raise click.ClickException(f"Nobody who works here has the address {email}.") from None
    click.echo(f"{current_app.config['BASE_URL']}/staff/password/{token}")
    click.echo("It works for two days, and once.")


@click.command("doctor")
def examine() -> None:
    """Say what is set, what is missing and what to do; exit 1 if something is missing."""
    is_well = True
    for is_fine, words in doctor.examine():
        is_well = is_well and is_fine
        click.echo(f"{'ok  ' if is_fine else 'NOT '} {words}")
    if not is_well:
        sys.exit(1)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def back_up(file: Path) -> None:
    """Write everything into one file; the server may keep running."""
    _or_say_why(lambda: backup.back_up(file))
    click.echo(f"Written to {file}")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def restore(file: Path) -> None:
    """Fill an empty database from a backup, then check it."""
    _or_say_why(lambda: backup.restore(file))
    problems = _in_one_snapshot(lambda: audit(clock.now()))["problems"]
    click.echo(f"Restored. The audit found {len(problems)} problems.")
    click.echo("Run `flask --app wsgi db upgrade` if the backup is of an older version.")


def _or_say_why(act: Callable[[], None]) -> None:
    try:
        act()
    except (backup.CannotBackUp, OSError, sa.exc.SQLAlchemyError) as error:
        raise click.ClickException(str(error)) from None


@click.command("outage")
@click.option("--go-on", is_flag=True, help="End the quiet now: send what waits, end what is over.")
def tell_outage(go_on: bool) -> None:
    """Say what the latest outage left behind, and until when things stay quiet."""
    left = outages.backlog(clock.now())
    if left is None:
        click.echo("Nothing is waiting.")
        return
    for line in _told(left):
        click.echo(line)
    if go_on:
        atomically(outages.go_on, now=clock.now())
        click.echo("The quiet is over: the worker goes on now.")
    else:
        click.echo("To end the quiet now: flask --app wsgi outage --go-on")


def _told(left: outages.Backlog) -> Iterator[str]:
    """The lines of an outage; moments in UTC, like those of the log."""
    outage = left.outage
    yield (
        f"Nobody looked after things from {outage.began_at:%Y-%m-%d %H:%M}"
        f" to {outage.noticed_at:%Y-%m-%d %H:%M} UTC."
    )
    yield f"Deadlines extended, their people told: {outage.deadlines}"
    yield f"Deadlines over, not ended yet: {left.deadlines}"
    yield f"Letters waiting: {sum(left.letters.values())}"
    for kind, number in sorted(left.letters.items()):
        yield f"  {kind}: {number}"
    yield f"Nothing ends and no old letter is sent until {outage.quiet_until:%Y-%m-%d %H:%M} UTC."


@click.group("catalog")
def catalog() -> None:
    """The catalog as files."""


@catalog.command("load")
@click.argument(
    "folder", default=SHIPPED, type=click.Path(path_type=Path, exists=True, file_okay=False)
)
def load(folder: Path) -> None:
    """Bring skills, courses and role guides to what the files say."""
    try:
        count = atomically(publish_folder, read=read_folder(folder), now=clock.now())
    except BadContent as refusal:
        click.echo(str(refusal), err=True)
        click.echo(f"Nothing was changed: {len(refusal.complaints)} problems.", err=True)
        sys.exit(2)
    except Refused as refusal:
        raise click.ClickException(f"{type(refusal).__name__}: {refusal}") from None
    click.echo(f"{count} entries read from {folder}")


@catalog.command("dump")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def dump(folder: Path) -> None:
    """Write what is published into an empty folder, or over an older dump."""
    texts = _in_one_snapshot(dump_catalog)
    try:
        write_folder(folder, texts)
    except NotOurs as refusal:
        names = ", ".join(map(printable, refusal.files))
        raise click.ClickException(
            f"{folder} holds something else ({names}). Give an empty folder."
        ) from None
    except OSError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{len(texts)} entries written to {folder}")


@click.group("search")
def search() -> None:
    """What people can find."""


@search.command("rebuild")
def rebuild() -> None:
    """Fill the search anew from what is published and the batches; harmless at any time."""
    click.echo(f"{atomically(fill_anew)} entries can be found")
