"""The vocabulary of `words.toml`, as bits: each group of names, elements or cues is one bit."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path

_WORDS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
GROUPS = (*_WORDS["names"], *_WORDS["tags"])
CUES = tuple(_WORDS["cues"])
BIT = {name: 1 << place for place, name in enumerate(GROUPS)}
TAG_BITS = {tag: BIT[name] for name, tags in _WORDS["tags"].items() for tag in tags.split()}
_BODYLIKE, _ARTICLELIKE, STRONG = BIT["body"], BIT["article"], BIT["strong"]
_YEARS = range(1990, 2040)


def _stems() -> tuple[dict[str, int], dict[str, int]]:
    exact: dict[str, int] = {}
    parts: dict[str, int] = {}
    for name, stems in _WORDS["names"].items():
        for stem in stems.split():
            target, key = (exact, stem[1:]) if stem[0] == "=" else (parts, stem)
            target[key] = target.get(key, 0) | BIT[name]
    return exact, parts


_EXACT, _PART_BITS = _stems()
# Stems by their first letters, longest first: quicker than a pattern of them all.
_START = 2
_BY_START: dict[str, list[str]] = {}
for _stem in sorted(_PART_BITS, key=lambda stem: (-len(stem), stem)):
    _BY_START.setdefault(_stem[:_START], []).append(_stem)


def _cue_bits() -> dict[str, int]:
    bits = {str(year): 1 << CUES.index("date") for year in _YEARS}
    for place, words in enumerate(_WORDS["cues"].values()):
        for word in words.split():
            bits[word] = bits.get(word, 0) | 1 << place
    return bits


CUE_BITS = _cue_bits()
DENSE_CUES = re.compile(
    "(?P<more>阅读|更多|查看|点击|続き|もっと|더보기|자세히)|(?P<subscribe>订阅|登录|注册|扫码|关注|下载|会員|ログイン|登録|구독|로그인)"
    "|(?P<share>分享|转发|微信|微博|シェア|공유)|(?P<comment>评论|留言|コメント|댓글)|(?P<credit>图片|摄影|来源|图源|写真|撮影|提供|사진|출처)"
    "|(?P<by>作者|编辑|记者|责编|审核|記者|기자)|(?P<date>\\d年|\\d月|发布|更新|時間|时间|입력|수정)|(?P<ad>广告|推广|広告|광고)"
    "|(?P<legal>版权|声明|免责|無断|저작권|转载)|(?P<tags>标签|关键词|タグ|태그)|(?P<related>相关|推荐|热门|上一篇|下一篇|関連|おすすめ|관련|인기)"
)


@functools.lru_cache(maxsize=1 << 14)
def _word_bits(word: str) -> int:
    bits = _EXACT.get(word, 0)
    at = 0
    while at + _START <= len(word):
        found = next((stem for stem in _BY_START.get(word[at : at + _START], ()) if word.startswith(stem, at)), None)
        if found is not None:
            bits |= _PART_BITS[found]
        at += len(found or " ")
    return bits


@functools.lru_cache(maxsize=1 << 13)
def token_bits(tokens: frozenset[str]) -> int:
    """The groups that the words of an element's class, id, role and itemprop belong to."""
    bits = 0
    for word in tokens:
        bits |= _word_bits(word)
    return bits | STRONG if bits & _BODYLIKE and bits & _ARTICLELIKE else bits
