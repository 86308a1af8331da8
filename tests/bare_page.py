"""What the product's pages are measured against: a Flask view that returns a constant of the same size."""

from __future__ import annotations

from functools import cache

from flask import Flask

app = Flask(__name__)


@cache
def _constant(size: int) -> str:
    return "<!doctype html>".ljust(size, "x")


@app.get("/healthz")
def healthz() -> str:
    return "up"


@app.get("/<int:size>")
def page(size: int) -> str:
    return _constant(size)
