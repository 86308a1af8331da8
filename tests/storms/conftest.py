"""How large the storms are: small in the gate, full with `make storm` (STORM=full)."""

from __future__ import annotations

import os

import pytest

IS_FULL = os.environ.get("STORM") == "full"


@pytest.fixture
def rounds() -> int:
    """How often a race is run."""
    return 200 if IS_FULL else 25
