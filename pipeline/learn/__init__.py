"""What repeats across the documents of a site → templates. Learned in parts, in any order, and further with new documents.

    store = Store(folder)
    for part in plan(settings, folder):
        store.add(part, observe(part.listed, settings))   # `observe` anywhere, in any order
    for site in store.sites():
        store.publish(site)

`observe` is the map, `state.merge` joins what it found (associative, commutative, the same twice as once), `freeze` decides.
A table of document frequencies can walk the same way: a part of the state of its own, with its own merge.
"""

from __future__ import annotations

from pipeline.learn.freeze import freeze
from pipeline.learn.observe import document_of, observe
from pipeline.learn.state import Document, Line, Observed, State, merge
from pipeline.learn.store import Learned, Part, Store, plan, templates

__all__ = [
    "Document",
    "Learned",
    "Line",
    "Observed",
    "Part",
    "State",
    "Store",
    "document_of",
    "freeze",
    "merge",
    "observe",
    "plan",
    "templates",
]
