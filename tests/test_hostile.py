"""Hostile files through the whole of `process`: no crash, bounded memory, cost near a normal page's in the same run."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import blocks, rules
from pipeline.blocks import soup
from pipeline.model import Decoded, Outcome
from pipeline.process import Context, prepare, process
from pipeline.rules import Rule
from pipeline.settings import load
from pipeline.sources import from_bytes

CONTEXT: Context = prepare(load())
SHIPPED = rules.load()
# CPU for a byte, or for a piece of text between two tags or line ends, of a hostile file: so many times a normal page's at most.
# A piece of one letter costs what a paragraph costs, so by bytes alone short lines would be an attack.
MOST = 5
# Bytes of memory for a byte of a file.
MOST_MEMORY = 150
SENTENCE = "The harbour council met again on Tuesday and decided that the old cranes would stay where they are for the winter. "
HTML = "<!doctype html><html><body>"

HOSTILE: dict[str, Callable[[int], str]] = {
    "nested tags": lambda n: HTML + "<div>" * (n // 11) + "text" + "</div>" * (n // 11),
    "unclosed tags": lambda n: HTML + "<div>" * (n // 5) + "text",
    "unclosed inline tags": lambda n: HTML + "<b>x" * (n // 4),
    "text at every depth": lambda n: HTML + "<div>a" * (n // 6),
    "tiny blocks": lambda n: HTML + "<p>a</p>" * (n // 8),
    "line breaks": lambda n: HTML + "a<br>" * (n // 5),
    "giant block": lambda n: HTML + "<p>" + SENTENCE * (n // len(SENTENCE)),
    "giant block, escaped": lambda n: HTML + "<p>" + "caf&eacute; " * (n // 12),
    "giant block, many tags": lambda n: HTML + "<p>" + "<b>word</b> " * (n // 12),
    "repeated cue in a page": lambda n: HTML + "<p>" + "Read more: " * (n // 11),
    "one line": lambda n: "word " * (n // 5),
    "one word": lambda n: "x" * n,
    "short lines": lambda n: "ab cd\n" * (n // 6),
    "one letter a line": lambda n: "a\n" * (n // 2),
    "repeated cue": lambda n: "Read more: " * (n // 11),
    "repeated cue, a line each": lambda n: "Read more: The long pier\n" * (n // 25),
    "opening brackets": lambda n: "[(" * (n // 2),
}


def normal() -> str:
    """A page as they come: a menu, an article of sixty paragraphs, sixty teasers, some script and style."""
    menu = "".join(f'<li><a href="/s/{n}">Section {n}</a></li>' for n in range(40))
    body = "".join(f'<p class="text">{SENTENCE * 3}<a href="/x/{n}">Nobody could say</a> who pays.</p>\n' for n in range(60))
    teasers = "".join(f'<div class="teaser"><a href="/r/{n}"><h3>Cranes, part {n}</h3></a></div>\n' for n in range(60))
    head = f"<title>Cranes stay</title><style>{'p{margin:0}' * 400}</style><script>{'var a=1;' * 800}</script>"
    return f"<!doctype html><html><head>{head}</head><body><ul>{menu}</ul><article>{body}</article>{teasers}</body></html>"


def cost(text: str) -> tuple[float, Outcome]:
    """CPU seconds, and what came out."""
    data = text.encode()
    start = time.process_time()
    made = process(from_bytes("hostile", data), data, CONTEXT)
    return time.process_time() - start, made


def allowed(text: str) -> float:
    """CPU seconds that the text may cost: MOST times a normal page's for its bytes or its pieces, whichever is more."""
    page = normal()
    cost(page)
    usual = min(cost(page)[0] for _ in range(3))
    count = [len(blocks.visible(blocks.read(Decoded(each, "utf-8", "utf-8")))) for each in (page, text)]
    return MOST * usual * max(len(text) / len(page), count[1] / count[0])


def check(kind: str, size: int) -> None:
    text = HOSTILE[kind](size)
    most = allowed(text)  # first: what is loaded at the first use is no cost of the hostile file
    seconds, made = cost(text)
    assert bool(made.articles) != bool(made.rejections)
    assert seconds < most or cost(text)[0] < most  # the usual cost is the least of three, too


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_costs_at_most_five_times_a_normal_page(kind: str) -> None:
    check(kind, 100_000)


@pytest.mark.long
@pytest.mark.parametrize("kind", HOSTILE)
def test_ten_megabytes_of_it(kind: str) -> None:
    """In a process of its own, so that its peak is its own."""
    grown = subprocess.run([sys.executable, __file__, kind], check=True, capture_output=True, text=True).stdout
    assert int(grown) < MOST_MEMORY * 10_000_000


@pytest.mark.long
def test_a_hundred_thousand_levels() -> None:
    text = HTML + "<div><span>" * 50_000 + SENTENCE * 3 + "</span></div>" * 50_000
    assert cost(text)[1].articles[0].text.startswith("The harbour council")


@pytest.mark.parametrize("kind", ["nested tags", "unclosed tags", "unclosed inline tags", "tiny blocks", "giant block"])
def test_the_tolerant_reader_survives_it_too(kind: str) -> None:
    page = soup.read(Decoded(HOSTILE[kind](20_000), "utf-8", "utf-8"))
    assert page.blocks


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda rule: rule.id)
def test_no_rule_is_slow_on_long_runs_of_what_it_is_for(rule: Rule) -> None:
    """Its own hits and misses without end, whole and cut short: ten times the text, about ten times the time."""

    def seconds(size: int) -> float:
        start = time.process_time()
        for sample in (*rule.hits[:2], *rule.misses[:1]):
            for unit in filter(None, (sample, sample + " ", sample[:-1], sample[: len(sample) // 2])):
                text = (unit * (size // len(unit) + 1))[:size]
                SHIPPED.find_inline(text)
                SHIPPED.match_block(text[: rule.max_chars])
        return time.process_time() - start

    small = seconds(2_000)
    assert seconds(20_000) < 40 * small + 0.1


def main(kind: str) -> None:
    """Print by how many bytes the peak grew, after the bars for time have held."""
    cost(normal())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    check(kind, 10_000_000)
    unit = 1 if sys.platform == "darwin" else 1024
    sys.stdout.write(str((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main(sys.argv[1])
