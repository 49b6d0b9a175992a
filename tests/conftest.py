"""Shared test set-up: hypothesis without deadlines (the first example loads models), `tests` on the path, documents."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

# A suite that a script started in the background ignores Ctrl-C, and so would every program that is under test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("winnow", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("winnow")


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working folder is the test's own, and no setting comes from the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("WINNOW_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    """A dump with a breadcrumb, a byline and chrome."""
    from commands import HARBOUR, write

    return write(tmp_path / "harbour.txt", HARBOUR)


@pytest.fixture
def mill(tmp_path: Path) -> Path:
    """A dump without chrome."""
    from commands import MILL, write

    return write(tmp_path / "mill.txt", MILL)
