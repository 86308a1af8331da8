"""The Nu HTML checker: fetches its jar, once and by checksum, and reads many pages in one call."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

VERSION = "26.9.27"
# As the registry publishes it: `npm view vnu-jar@26.9.27 dist.integrity`.
SHA512 = (
    "TkQd5DFfOaWC9ebtvozTsrH2Vaod3jYg+vrOeREzIXxBexLz9+rS2DNtjn7+RPUiZhgli0SghgBX6RJRNea0KA=="
)
TARBALL = f"https://registry.npmjs.org/vnu-jar/-/vnu-jar-{VERSION}.tgz"
JAR = Path(__file__).parent.parent / ".venv" / f"vnu-{VERSION}.jar"


class Remark(NamedTuple):
    """What the checker says about one place of one file."""

    name: str
    is_error: bool
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


def lacks() -> str | None:
    """Why it cannot run on this machine, or nothing."""
    if shutil.which("java") is None:
        return "it needs Java. Run `apt install default-jre-headless`."
    if not JAR.exists():
        return "its jar was not fetched. Run `make checker` where there is a network."
    return None


def check(files: Mapping[str, str], folder: Path) -> list[Remark]:
    """Read all of them in one call (Java takes a second to start); names end in .html or .css."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["java", "-Xmx512m", "-jar", str(JAR), "--format", "json", "--exit-zero-always",
         "--also-check-css", "--stdout", *(str(folder / name) for name in sorted(files))],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    return [_read(one) for one in json.loads(done.stdout)["messages"] if _counts(one)]


def _counts(message: dict) -> bool:
    return message["type"] != "info" or message.get("subType") == "warning"


def _read(message: dict) -> Remark:
    name = Path(message.get("url", "")).name
    where = f"line {message.get('lastLine', '?')}: {message['message']}"
    extract = " ".join(message.get("extract", "").split())
    return Remark(name, message["type"] != "info", f"{where} … {extract}")


# ---------------------------------------------------------------- how it gets here


def fetch() -> None:
    """Put the jar where `check` looks for it. What does not match the checksum is not kept."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tarball = _by_npm(folder) or _by_address(folder)
        digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
        if digest != SHA512:
            raise OSError(f"{tarball.name} is not the file we know: sha512-{digest}")
        with tarfile.open(tarball) as archive:
            member = archive.extractfile("package/build/dist/vnu.jar")
            assert member
            (folder / "vnu.jar").write_bytes(member.read())
        shutil.move(folder / "vnu.jar", JAR)


def _by_npm(folder: Path) -> Path | None:
    """By the registry's own client, which knows this machine's mirror; None if it is not here."""
    if shutil.which("npm") is None:
        return None
    command = ["npm", "pack", "--silent", "--fetch-retries=1", f"vnu-jar@{VERSION}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise OSError(done.stderr.strip() or "npm failed")
    return next(folder.glob("*.tgz"))


def _by_address(folder: Path) -> Path:
    """On a machine without npm: one file of one pinned version."""
    path = folder / "vnu-jar.tgz"
    address = os.environ.get("VNU_TARBALL", TARBALL)
    with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - ours, see above
        path.write_bytes(answer.read())
    return path


def main() -> None:
    """`make checker`. Without a network it says so; the tests then say what was not tested."""
    if JAR.exists():
        return
    try:
        fetch()
    except (OSError, subprocess.SubprocessError) as error:
        print(f"The Nu HTML checker could not be fetched: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
