"""`make bench`: registrations per second, for one hot batch and for a hundred, on both databases;
then how long a search takes.

Printed beside a bare Flask view that writes the same rows by hand in the same server, and beside
the same transactions without any server. Figures differ from machine to machine; ratios travel.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa

from enroll.search.filling import Entry, put
from enroll.search.finding import find
from enroll.search.kinds import Found
from tests.postgres import ThrowawayPostgres, find_binaries
from tests.serving import Site, command
from tests.visiting import Visitor

SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
WAYS = ("product", "bare view", "database")
CLIENTS = 16
PROCESSES = 2  # of the clients; the server has four
SEATS = 40_000  # more than anybody can register for in the time

Register = Callable[[int], None]


# ---------------------------------------------------------------- the load


def rate(make: Callable[[int], Register]) -> tuple[float, float]:
    """Registrations per second by 16 clients, and the median time of one, in milliseconds.

    `make(number)` gives one client its own way to register once; a warm-up second is not counted.
    """
    results: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
    begin = time.monotonic() + 1.5
    crowd = [
        multiprocessing.Process(target=_clients, args=(make, first, begin, results))
        for first in range(0, CLIENTS, CLIENTS // PROCESSES)
    ]
    for process in crowd:
        process.start()
    times = [took for _ in crowd for took in results.get(timeout=SECONDS + 60)]
    for process in crowd:
        process.join()
    return len(times) / SECONDS, statistics.median(times) * 1000 if times else 0.0


def _clients(
    make: Callable[[int], Register],
    first: int,
    begin: float,
    results: multiprocessing.Queue[list[float]],
) -> None:
    took: list[float] = []

    def run(number: int) -> None:
        register = make(number)
        count = 0
        while (now := time.monotonic()) < begin + 1 + SECONDS:
            register(count)
            ended = time.monotonic()
            if begin + 1 <= ended <= begin + 1 + SECONDS:
                took.append(ended - now)
            count += 1

    threads = [threading.Thread(target=run, args=(first + n,)) for n in range(CLIENTS // PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(took)


class Line:
    """One kept-alive connection that sends prepared bytes: the client must not be the limit."""

    def __init__(self, base_url: str) -> None:
        where = urlsplit(base_url)
        self._address = (where.hostname or "", where.port or 80)
        self._socket: socket.socket | None = None

    def post(self, path: str, body: bytes, cookie: str = "") -> int:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._address[0]}\r\nCookie: {cookie}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        return self._exchange(path, head + body)

    def get(self, path: str) -> int:
        return self._exchange(path, f"GET {path} HTTP/1.1\r\nHost: {self._address[0]}\r\n\r\n".encode())

    def _exchange(self, path: str, sent: bytes) -> int:
        for _ in range(2):
            if self._socket is None:
                self._socket = socket.create_connection(self._address, timeout=30)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._socket.sendall(sent)
                return self._read()
            except (ConnectionError, IndexError):
                self._socket = None  # the server closed a kept connection; once more
        raise ConnectionError(path)

    def _read(self) -> int:
        assert self._socket
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}
        missing = int(fields.get("content-length", 0)) - len(rest)
        while missing > 0:
            missing -= len(self._more())
        if fields.get("connection") == "close":
            self._socket = None
        return int(lines[0].split()[1])

    def _more(self) -> bytes:
        assert self._socket
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError
        return data


# ---------------------------------------------------------------- the three ways


def product(base_url: str, codes: list[str]) -> Callable[[int], Register]:
    """Through the product: the real form with its token, everything checked."""

    def make(number: int) -> Register:
        line, visitor = Line(base_url), Visitor(base_url)
        hidden = visitor.open_form(f"/batches/{codes[0]}/register")
        fields = {**hidden, "name": "Asha Verma", "consent": "y"}
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        tag = f"{os.getpid()}-{number}"

        def register(count: int) -> None:
            code = codes[(number + count * CLIENTS) % len(codes)]
            body = urlencode({**fields, "email": f"p{tag}-{count}@example.org"}).encode()
            status = line.post(f"/batches/{code}/register", body, cookie)
            if status != 303:
                raise RuntimeError(f"the product answered {status}")

        return register

    return make


def bare(base_url: str, ids: list[int]) -> Callable[[int], Register]:
    """Through a bare Flask view with the same rows."""

    def make(number: int) -> Register:
        line, tag = Line(base_url), f"{os.getpid()}-{number}"

        def register(count: int) -> None:
            batch_id = ids[(number + count * CLIENTS) % len(ids)]
            body = urlencode({"email": f"b{tag}-{count}@example.org"}).encode()
            if line.post(f"/{batch_id}", body) != 303:
                raise RuntimeError("the bare view failed")

        return register

    return make


def database(url: str, ids: list[int]) -> Callable[[int], Register]:
    """Straight into the database, no server between."""

    def make(number: int) -> Register:
        os.environ["DATABASE_URL"] = url
        from tests.bare import register as by_hand

        tag = f"{os.getpid()}-{number}"
        return lambda count: by_hand(
            ids[(number + count * CLIENTS) % len(ids)], f"d{tag}-{count}@example.org"
        )

    return make


# ---------------------------------------------------------------- the databases


@contextmanager
def databases() -> Iterator[list[tuple[str, Callable[[Path], str]]]]:
    """Each kind with a way to get the address of a fresh one."""
    kinds: list[tuple[str, Callable[[Path], str]]] = [
        ("SQLite", lambda folder: f"sqlite:///{folder / 'enroll.sqlite3'}")
    ]
    if find_binaries() is None:
        print("PostgreSQL is not measured: its programs are not on this machine.")
        yield kinds
        return
    server = ThrowawayPostgres()
    server.start()
    numbers = iter(range(1000))

    def fresh(_folder: Path) -> str:
        name = f"bench_{next(numbers)}"
        server.create_database(name)
        return server.url(name)

    try:
        yield [*kinds, ("PostgreSQL", fresh)]
    finally:
        server.stop()


def plant(url: str, folder: Path, batches: int) -> tuple[list[int], list[str]]:
    """A migrated database with so many open batches; their ids and codes."""
    done = command(url, folder, "db", "upgrade")
    assert done.returncode == 0, done.stderr
    now = datetime.now(UTC)
    engine = sa.create_engine(url)
    tables = sa.MetaData()
    tables.reflect(engine)
    course = dict.fromkeys(("slug", "title", "level", "summary", "body"), "x")
    with engine.begin() as connection:
        connection.execute(
            tables.tables["course"].insert(),
            {
                **course,
                "id": 1,
                "position": 1,
                "weeks": 8,
                "hours_per_week": 6,
                "audience": [],
                "prerequisites": [],
                "requires": [],
                "outcomes": [],
            },
        )
        for number in range(1, batches + 1):
            connection.execute(
                tables.tables["batch"].insert(),
                {
                    "id": number,
                    "code": f"b-{number}",
                    "course_id": 1,
                    "state": "confirmed_to_run",
                    "title": "A batch",
                    "starts_on": now.date() + timedelta(days=30),
                    "ends_on": now.date() + timedelta(days=60),
                    "zone": "UTC",
                    "opens_at": now - timedelta(days=1),
                    "closes_at": now + timedelta(days=29),
                    "hold_hours": 24,
                    "offer_hours": 48,
                    "rhythm": "",
                    "place": "",
                    "is_online": True,
                    "language": "en",
                    "teacher": "",
                    "fee_minor": 0,
                    "fee_currency": "",
                },
            )
            connection.execute(
                tables.tables["seat"].insert(),
                [
                    {"batch_id": number, "number": seat, "taken": False}
                    for seat in range(1, SEATS // batches + 1)
                ],
            )
    engine.dispose()
    return list(range(1, batches + 1)), [f"b-{number}" for number in range(1, batches + 1)]


def measure(kind: str, fresh: Callable[[Path], str]) -> None:
    """The medians of several rounds; the three ways take turns, for a machine's speed drifts."""
    for batches in (1, 100):
        label = "one hot batch" if batches == 1 else "100 batches"
        rounds = [_round(fresh, batches) for _ in range(ROUNDS)]
        ours, theirs, limit = (
            statistics.median(figures[way][0] for figures in rounds) for way in WAYS
        )
        wait = statistics.median(figures["product"][1] for figures in rounds)
        ratios = [figures["product"][0] / figures["bare view"][0] for figures in rounds]
        print(
            f"{kind:<11} {label:<14} {ours:7.0f}/s {wait:6.0f} ms {theirs:9.0f}/s {limit:9.0f}/s"
            f"   {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
            flush=True,
        )


def _round(fresh: Callable[[Path], str], batches: int) -> dict[str, tuple[float, float]]:
    figures = {}
    for way in WAYS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            url = fresh(folder)
            ids, codes = plant(url, folder, batches)
            figures[way] = _one(way, url, folder, ids, codes)
    return figures


def _one(way: str, url: str, folder: Path, ids: list[int], codes: list[str]) -> tuple[float, float]:
    if way == "database":
        return rate(database(url, ids))
    if way == "product":
        with Site(url, folder, workers=4) as site:
            return rate(product(site.base_url, codes))
    with Site(url, folder, workers=4, app_module="tests.bare:app") as site:
        return rate(bare(site.base_url, ids))


# ---------------------------------------------------------------- the search

QUESTIONS = {
    "one word": "kubernetes",
    "in every entry": "module",
    "three words": "python for data",
    "half typed": "pyth",
    "mistyped": "kubernetse",
    "mistyped, of two": "pyhton data",
    "in part only": "kubernetes cooking",
}


def measure_search(kind: str, fresh: Callable[[Path], str]) -> None:
    """The median time of `find` beside 500 courses and 5,000 modules of sixty words each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"DATABASE_URL": fresh(folder), "ENROLL_INSTANCE": name}
        assert command(os.environ["DATABASE_URL"], folder, "db", "upgrade").returncode == 0
        from enroll import clock, create_app
        from enroll.db import atomically, db

        with create_app().app_context():
            began = time.monotonic()
            atomically(put, *_entries())
            print(f"{kind:<11} search: 5,500 entries put in {time.monotonic() - began:.1f} s")
            for label, question in QUESTIONS.items():
                took = []
                for _ in range(20):
                    began = time.monotonic()
                    found = find(question, now=clock.now())
                    took.append((time.monotonic() - began) * 1000)
                    db.session.rollback()
                print(f"{'':<11}   {label:<17} {statistics.median(took):6.1f} ms, {found.total} hits")
            db.session.remove()
            db.engine.dispose()


def _entries() -> Iterator[Entry]:
    """Texts in which a few words are in most entries and most words in few, as in real ones."""
    dice = random.Random(1)  # noqa: S311 - the same texts every time
    known = ["data", "python", "model", "team", "report", "kubernetes"]
    others = ["".join(dice.choices("abdegiklmnoprstu", k=dice.randint(4, 9))) for _ in range(12_000)]
    words = known + others
    weights = [1 / (n + 50) for n in range(len(words))]
    for number in range(5_500):
        some = dice.choices(words, weights, k=64)
        yield Entry(
            kind=Found.COURSE if number < 500 else Found.MODULE,
            key=f"k{number}",
            address=f"/courses/k{number}",
            title=" ".join(some[:4]).title(),
            body=f"Module {number}. {' '.join(some[4:])}.",
        )


def main() -> None:
    multiprocessing.set_start_method("fork")
    print(
        f"{CLIENTS} clients, gunicorn with 4 processes, {os.cpu_count()} cores, median of {ROUNDS}"
        f" rounds of {SECONDS:.0f} s each; Python {sys.version.split()[0]}"
    )
    print(f"{'':<26} {'product':>9} {'':>9} {'bare view':>11} {'database':>11}   product/bare")
    with databases() as kinds:
        for kind, fresh in kinds:
            measure(kind, fresh)
        for kind, fresh in kinds:
            measure_search(kind, fresh)


if __name__ == "__main__":
    main()
