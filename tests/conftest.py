"""Shared test set-up: hypothesis without deadlines (the first example loads models), and `tests` on the path."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile("winnow", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("winnow")
