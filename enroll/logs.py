"""What the program logs: one access line a request with the route's pattern, and no secret anywhere."""

from __future__ import annotations

import logging
import re
import sys
import time

from flask import Flask, Response, g, has_request_context, request

access = logging.getLogger("enroll.access")
# In the environment of a request within another: a list that gets its route. Only the outer is written.
WITHIN = "enroll.within"

# Whatever logs a path by itself (the server, a library) has the token cut out of it.
_SECRET_PATH = re.compile(r"(/registrations/|/unsubscribe/|/comments/)[^/\s\"'?]+")


class WithoutSecrets(logging.Formatter):
    """Formats a line, then removes tokens; tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET_PATH.sub(r"\1<token>", super().format(record))


def init_app(app: Flask) -> None:
    """Log to stderr, where the process manager collects it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(WithoutSecrets("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in ("alembic", "werkzeug", "flask_limiter"):
        logging.getLogger(name).setLevel(logging.WARNING)
    app.before_request(_start)
    app.after_request(_write)


def route() -> str:
    """The present request as method and pattern, e.g. `GET /registrations/<token>`."""
    if not has_request_context():
        return "no request"
    return f"{request.method} {request.url_rule or '(no route)'}"


def _start() -> None:
    g.began = time.perf_counter()


def _write(response: Response) -> Response:
    if WITHIN in request.environ:
        request.environ[WITHIN].append(str(request.url_rule or "(no route)"))
    else:
        write_line(route(), str(response.status_code), g.get("began"))
    return response


def write_line(what: str, status: str, began: float | None) -> None:
    """One line of the access log; `began` by `time.perf_counter()`."""
    took = (time.perf_counter() - began) * 1000 if began else 0
    access.info("%s %s %.0f ms", what, status, took)
