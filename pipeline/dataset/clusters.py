"""What is wrong with the rows of the duplicates table, against each other and against the articles."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pipeline.dataset.problem import AGAIN, Problem
from pipeline.dedupe import EXACT, NEAR, UPDATE

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

KINDS = frozenset({EXACT, NEAR, UPDATE})


def check_duplicates(rows: Iterable[dict[str, Any]], articles: Container[tuple[str, str]]) -> Iterator[Problem]:
    """The problems of `rows`. `articles` holds ("articles", id) of every article there is."""
    clusters: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    seen: set[str] = set()
    for row in rows:
        clusters[row["cluster"]].append(row)
        yield from (_problem(row["id"], cause) for cause in _row(row, seen, articles))
        seen.add(row["id"])
    for cluster, members in clusters.items():
        yield from (_problem(cluster, cause) for cause in _cluster(cluster, members))


def _row(row: dict[str, Any], seen: Container[str], articles: Container[tuple[str, str]]) -> Iterator[str]:
    if row["id"] in seen:
        yield "the id occurs twice"
    if ("articles", row["id"]) not in articles:
        yield "there is no such article"
    if (row["kind"] is None) is not (row["id"] == row["representative"]) or row["kind"] not in {*KINDS, None}:
        yield f"the kind is {row['kind']!r}"
    if row["similarity"] is None or not 0 <= row["similarity"] <= 1:
        yield f"the similarity is {row['similarity']}"


def _cluster(cluster: str, members: list[dict[str, Any]]) -> Iterator[str]:
    ids = {row["id"] for row in members}
    if min(ids) != cluster:
        yield f"the cluster's smallest id is {min(ids)}"
    if len(ids) < 2:  # noqa: PLR2004  what it takes to be copies
        yield "the cluster has one member"
    if {row["representative"] for row in members} - ids or len({row["representative"] for row in members}) > 1:
        yield "the representative is not one of the cluster"


def _problem(place: str, cause: str) -> Problem:
    return Problem("duplicates", "", place, cause, AGAIN)
