"""Text that comes from data, made fit to be shown: in a terminal, on a page, in a picture.

Names of workers, sources, slices and files are other people's. A control code in one would reach
the terminal (and could clear it, rename its window or hide a line), a bidirectional override would
turn the rest of a line round, and an invisible character would make two names look like one.
Everything that is shown goes through ``clean``; files of results hold the names as they are.
"""

from __future__ import annotations

import re
from typing import IO, Any, TextIO, cast

_UNSEEN = re.compile(
    "["
    "\x00-\x09\x0b-\x1f\x7f-\x9f"  # control codes but for the end of a line
    "\xad\u061c\u180e\u200b\u200e\u200f"  # soft hyphen, marks of direction, no space at all
    "\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # ends of lines, overrides, invisible signs
    "\ud800-\udfff"  # halves of characters, which no file or terminal can hold
    "\U000e0000-\U000e007f"  # tags: text that nobody sees
    "]"
)
"""What no reader can see. Joiners (U+200C, U+200D) stay: Persian, Hindi and emoji need them."""

_LONGEST = 1000
"""Characters of a line that is shown whole. Chosen: a dozen lines of a terminal."""


def clean(text: str) -> str:
    r"""Text with every character that cannot be seen written as ``\u....``, also ends of lines."""
    return _UNSEEN.sub(_escaped, text).replace("\n", "\\n")


def clean_lines(text: str) -> str:
    r"""The same, with ends of lines (``\n``) as they are.

    JSON stays the same JSON: what is replaced can stand only inside its strings, and there
    ``\u....`` is the same character.
    """
    return _UNSEEN.sub(_escaped, text)


def one_line(text: str) -> str:
    """Clean text as one line that is no longer than can be read: the middle of a longer is cut."""
    line = clean(" ".join(text.split("\n")))
    if len(line) <= _LONGEST:
        return line
    head, tail = 2 * _LONGEST // 3, _LONGEST // 3
    return f"{line[:head]} [... {len(line) - head - tail:,} characters ...] {line[-tail:]}"


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == 0x09:
        return "    "
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


class CleanStream:
    """A text stream that cleans what is written to it, and replaces what it cannot encode."""

    def __init__(self, stream: TextIO) -> None:
        """Write to ``stream``."""
        self.stream = stream

    def write(self, text: str) -> int:
        """Write text, cleaned."""
        shown = clean_lines(text)
        coding = getattr(self.stream, "encoding", None)
        if coding:
            shown = shown.encode(coding, "backslashreplace").decode(coding)
        return self.stream.write(shown)

    def writelines(self, lines: list[str]) -> None:
        """Write several texts, cleaned."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self.stream, name)


def cleaned(stream: TextIO) -> TextIO:
    """The stream with everything cleaned that is written to it."""
    return cast("TextIO", CleanStream(stream)) if not isinstance(stream, CleanStream) else stream


def raw(stream: IO[str]) -> IO[str]:
    """The stream below ``cleaned``: for a library that draws with control codes of its own."""
    return stream.stream if isinstance(stream, CleanStream) else stream
