"""Fail when a link in the Markdown pages points to a file or heading that is not there.

Links to other sites are left alone: they would need the network, and they fail for other reasons.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from repository import ROOT, repository_files

if TYPE_CHECKING:
    from pathlib import Path

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+\s+(.*?)\s*#*$", re.MULTILINE)


def main() -> int:
    """Print each broken link as ``page:line: link``."""
    pages = [path for path in repository_files() if path.suffix == ".md"]
    broken = [line for page in pages for line in broken_links(page)]
    for line in broken:
        print(line)
    print(f"{len(pages)} pages, {len(broken)} broken links")
    return 1 if broken else 0


def broken_links(page: Path) -> list[str]:
    """The links of one page that lead nowhere inside the repository."""
    text = CODE.sub(_blank, page.read_text(encoding="utf-8"))
    broken = []
    for link in LINK.finditer(text):
        target, _, anchor = link[1].partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        path = page.parent / target if target else page
        missing = not path.exists() or not path.resolve().is_relative_to(ROOT)
        if not missing and anchor and path.suffix == ".md":
            missing = anchor not in _anchors(path)
        if missing:
            line = text.count("\n", 0, link.start()) + 1
            broken.append(f"{page.relative_to(ROOT)}:{line}: {link[1]} is not there")
    return broken


def _anchors(page: Path) -> set[str]:
    """Headings as their anchors are usually made: lower case, words joined by dashes."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {heading.strip().replace(" ", "-") for heading in plain}


def _blank(code: re.Match[str]) -> str:
    """Code is no link; its line breaks stay, so that line numbers do."""
    return "\n" * code[0].count("\n")


if __name__ == "__main__":
    sys.exit(main())
