"""mail: a message as .eml, in a maildir, or a page saved as MHTML (RFC 2045, 2046, 2557).

The first text is the message's own and has its name; what the header says of subject, sender and date goes with it. Of parts that
say the same (multipart/alternative) HTML is taken, else the first text; of a page and what it needs (multipart/related) the page.
Attachments and enclosed messages are members; pictures, sounds and signatures that are not attached are no sources.
"""

from __future__ import annotations

import email
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any, TypeAlias, cast

from pipeline.settings import Settings
from pipeline.sources.containers.container import Container, Found, Reading, read_bounded

# A header's first lines; and what only mail programs write, so that a text with From, Date and Subject on top stays a text.
_HEADER = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*)+(?:\r?\n|\Z)")
_SENDER = re.compile(rb"(?im)^from:")
_MACHINE = re.compile(rb"(?im)^(?:mime-version|message-id|received|return-path):")
# What mail programs and lists put before a subject: "Re: [harbour] Fwd: ".
_REPLY = re.compile(r"(?:(?:re|fwd?|aw|wg|antw|sv|vs|rv|tr|ref|enc)(?:\[\d+\])? ?[:：] ?|\[[^\[\]]{1,40}\] ?)+", re.IGNORECASE)
_Message: TypeAlias = "Message[Any, Any]"


def _recognise(head: bytes, settings: Settings) -> bool:
    del settings
    header = _HEADER.match(head)
    return header is not None and bool(_SENDER.search(header.group()) and _MACHINE.search(header.group()))


def _members(reading: Reading) -> Iterator[Found]:
    message = email.message_from_bytes(read_bounded(reading.file, reading.settings))
    address = str(message.get("Snapshot-Content-Location") or "")
    headers = (("url", address),) if address else tuple(_said(message))
    for number, part in enumerate(_sources(message)):
        name = str(part.get_filename() or f"part {number + 1}") if number else ""
        if part.get_content_type() == "message/rfc822":
            inner = _children(part)[0].as_bytes() if part.is_multipart() else b""
            yield Found(name or "message", inner, kind=CONTAINERS[0].name)
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        # What is attached may be a container in its turn.
        yield Found(name, io.BytesIO(content) if number else content, part.get_content_charset(), () if number else headers)


def _said(message: _Message) -> Iterator[tuple[str, str]]:
    """What the header says of the text: (title, date, author), each if it is there and well-formed."""
    subject = _REPLY.sub("", _words(message.get("Subject")))
    if subject:
        yield "title", subject
    with suppress(ValueError):  # no date, or none that says when
        yield "date", parsedate_to_datetime(str(message.get("Date"))).isoformat()
    name = parseaddr(_words(message.get("From")))[0]
    if name:
        yield "author", name


def _words(header: object) -> str:
    """A header's text, its encoded words (RFC 2047) decoded; what they hide is no line break."""
    return " ".join(str(make_header(decode_header(str(header)))).split()) if header is not None else ""


def _sources(part: _Message) -> Iterator[_Message]:
    kind = part.get_content_type()
    if kind == "message/rfc822" or not part.is_multipart():
        if kind == "message/rfc822" or kind.startswith("text/") or part.get_content_disposition() == "attachment":
            yield part
        return
    children = _children(part)
    if kind == "multipart/alternative":
        kinds = [next((leaf.get_content_type() for leaf in _sources(child)), "") for child in children]
        best = kinds.index("text/html") if "text/html" in kinds else 0
        children = children[best : best + 1]
    elif kind == "multipart/related":
        start = part.get_param("start")
        children = [child for child in children if start and child.get("Content-ID") == start][:1] or children[:1]
    for child in children:
        yield from _sources(child)


def _children(part: _Message) -> list[_Message]:
    return cast("list[_Message]", part.get_payload())


CONTAINERS = (Container("mail", _recognise, _members, (MessageError, LookupError, AttributeError, TypeError)),)
