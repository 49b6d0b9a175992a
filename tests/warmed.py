"""What a process that others are forked from loads first; see test_kill."""

from __future__ import annotations

from disturbed import warm

warm()
