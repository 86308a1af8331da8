"""How gunicorn serves Enroll; the environment decides address and size."""

import os
import time
from pathlib import Path

from dotenv import load_dotenv

load_dotenv(Path(__file__).parent / ".env")

bind = os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 4
# A page takes milliseconds; a transaction that waits for a lock and is tried again, some seconds.
timeout = 60
# Hosting services kill after 30 s; what is under way may end before.
graceful_timeout = 25
# Each process opens its own connections: one shared over a fork mixes up two people's answers.
preload_app = False
# The application writes its own access line, with the route's pattern: a path may hold a token.
accesslog = None
# What gets past the application, gunicorn logs with the whole path, which may hold a token.
logconfig_dict = {
    "formatters": {
        "generic": {
            "()": "enroll.logs.WithoutSecrets",
            "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "loggers": {
        "gunicorn.error": {
            "level": "INFO",
            "handlers": ["error_console"],
            "propagate": False,
            "qualname": "gunicorn.error",
        }
    },
}
# Off: its socket has one name per account, so two servers of one account would collide.
control_socket_disable = True


def post_worker_init(worker):
    """Say once, under `make run`, where the pages are and how long it took to get there."""
    began = os.environ.get("MAKE_BEGAN_AT")
    if began and worker.age == 1:
        seconds = time.time() - float(began)
        print(f"Enroll is ready: http://{bind}/ ({seconds:.0f} s). Ctrl-C ends it.", flush=True)
