"""What repeats across the documents of a site → templates. Learned in parts, in any order, and further with new documents.

    store = Store(folder)
    for part in plan(settings, folder):
        store.add(part, observe(part.listed, settings))   # `observe` anywhere, in any order
    for site in store.sites():
        store.publish(site)
    store.publish_frequencies()

`observe` is the map, `state.merge` joins what it found (associative, commutative, the same twice as once), `freeze` decides.
The table of document frequencies (`Store.publish_frequencies`) is counted from the words that the documents remember.
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
