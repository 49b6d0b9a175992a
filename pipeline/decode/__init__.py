"""Bytes → text, once, with the evidence. Nothing is normalised here: line ends and every character stay as they are.

The order is by what the evidence has proved worth: a byte order mark; strict UTF-8, which outranks a wrong declaration;
UTF-16 by its pattern of zero bytes; what the transport or the document declares, if it decodes; a detector; and last
windows-1252 with replacement characters, which are counted.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from pipeline.decode.legacy import detected
from pipeline.decode.mixed import damaged, surely_damaged
from pipeline.decode.utf import iso2022, sound_utf8, utf16
from pipeline.errors import Rejected
from pipeline.model import Decoded

# Bytes in which a document's own declaration may stand; the HTML standard looks at 1024, real pages need more.
DECLARATION_BYTES = 4096
# A zero byte more often than this is no text, unless the zeros have the rhythm of UTF-16.
MAX_NUL_SHARE = 0.001
# Control characters (without tab, line and page breaks, escape) more often than this are no text.
MAX_CONTROL_SHARE = 0.02

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{2,40})|<meta[^>]{0,500}?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{2,40})""",
    re.IGNORECASE,
)
# What the label means on the web (WHATWG Encoding Standard): the superset that was really used.
_WEB_MEANING = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
_CONTROL = bytes([*range(9), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])


def decode(data: bytes, header_charset: str | None = None, max_lossy_share: float = 0.02) -> Decoded:
    """The text of `data` and how its encoding was found.

    `header_charset` is what the transport declared (HTTP, MIME). A byte order mark is not part of the text.
    Raises Rejected (stage decode): empty, binary, undecodable (more than `max_lossy_share` replacement characters).
    """
    if not data:
        raise Rejected("decode", "empty", "the file has no bytes", remedy="Remove it, or export it again")
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            text = data[len(bom) :].decode(encoding, "replace")
            return _accept(data, text, encoding, "bom", max_lossy_share)
    if data.count(0) > max(1, len(data) * MAX_NUL_SHARE):
        wide = utf16(data)
        if wide is None:
            raise _binary("zero bytes")
        return _accept(data, data.decode(wide, "replace"), wide, "guessed", max_lossy_share)
    if _controls(data, "", "") > len(data) * MAX_CONTROL_SHARE and (wide := utf16(data)) is not None:
        # Chinese and Japanese have no zeros, but bytes that are controls elsewhere.
        return _accept(data, data.decode(wide, "replace"), wide, "guessed", max_lossy_share)
    for attempt in (iso2022, sound_utf8, surely_damaged, _by_declaration(header_charset), _judged):
        found = attempt(data)
        if found is not None:
            return _accept(data, found.text, found.encoding, found.evidence, max_lossy_share)
    return _accept(data, data.decode("cp1252", "replace"), "cp1252", "fallback", max_lossy_share)


def _judged(data: bytes) -> Decoded | None:
    """Damaged UTF-8, or what the detector finds, by the text that each gives."""
    found = detected(data)
    return damaged(data, found) or found


def _accept(data: bytes, text: str, encoding: str, evidence: str, max_lossy_share: float) -> Decoded:
    """The text, unless too much of it was lost or it is no text. U+FFFD that stood in the source itself counts as lost too."""
    lossy, controls = text.count("\N{REPLACEMENT CHARACTER}"), _controls(data, text, encoding)
    # A line end counts once however it is written: the same text is accepted or refused alike.
    length = len(text) - text.count("\r\n") if lossy > 1 or controls > 1 else len(text)
    if controls > max(1, length * MAX_CONTROL_SHARE):
        raise _binary("control characters")
    if lossy > max(1, length * max_lossy_share):
        raise Rejected(
            "decode",
            "undecodable",
            f"{lossy} of {len(text)} characters cannot be decoded (as {encoding}, found by: {evidence})",
            remedy="Save the file as UTF-8, or raise max_lossy_share",
        )
    return Decoded(text, encoding, evidence, lossy)


def _controls(data: bytes, text: str, encoding: str) -> int:
    """How many control characters the text has; but in UTF-16 and UTF-32 they are the same bytes, which are counted faster."""
    if encoding.startswith(("utf-16", "utf-32")):
        return sum(text.count(chr(code)) for code in _CONTROL)
    return len(data) - len(data.translate(None, _CONTROL))


def _binary(what: str) -> Rejected:
    return Rejected("decode", "binary", f"too many {what}: this is not text", remedy="Exclude it, or convert it to text or HTML")


def _by_declaration(header_charset: str | None) -> Callable[[bytes], Decoded | None]:
    def attempt(data: bytes) -> Decoded | None:
        match = _DECLARED.search(data, 0, DECLARATION_BYTES)
        declared = (match.group(1) or match.group(2)).decode("ascii") if match else None
        for label, evidence in ((header_charset, "header"), (declared, "declared")):
            if label is None:
                continue
            try:
                name = codecs.lookup(label.strip().lower()).name
                name = _WEB_MEANING.get(name, name)
                # UTF-16 in a declaration that could be read as bytes is a mistake; strict UTF-8 has failed already.
                if not name.startswith(("utf-16", "utf-32", "utf-8")):
                    return Decoded(data.decode(name), name, evidence)
            except (LookupError, UnicodeDecodeError):
                continue  # a wrong label is common; the detector decides
        return None

    return attempt
