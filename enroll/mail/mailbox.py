"""The local mailbox: where letters go while no mail server is set, one file each."""

from __future__ import annotations

import os
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import current_app


def folder() -> Path:
    """Where the letters lie: `mailbox/` in the instance folder."""
    return Path(current_app.instance_path) / "mailbox"


def put(letter_id: int, rendered: bytes) -> None:
    """Put a letter in. Putting it in twice leaves one: the file is named for the letter."""
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"{letter_id:08d}.eml"
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(rendered)
    draft.replace(path)


def remove(letter_ids: Iterable[int]) -> None:
    """Delete these letters' files, if there are any: call it when their erasure is committed."""
    for letter_id in letter_ids:
        for path in folder().glob(f"{letter_id:08d}.*"):
            path.unlink(missing_ok=True)


def read_all() -> list[tuple[int, EmailMessage]]:
    """Every letter, newest first, with its number."""
    paths = sorted(folder().glob("*.eml"), reverse=True)
    return [(int(path.stem), _parse(path)) for path in paths]


def read(letter_id: int) -> EmailMessage | None:
    """One letter, or nothing."""
    path = folder() / f"{letter_id:08d}.eml"
    return _parse(path) if path.is_file() else None


def _parse(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=policy.default)
