"""Render the hero picture of a study's report into docs/img, with headless Chromium.

    python tools/picture.py suffice-out

The report's own chart is drawn by the report's own page, once light and once dark, and written as
docs/img/picture-light.png and docs/img/picture-dark.png. Needs Chromium and the dev extra.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "img"
SCHEMES = ("light", "dark")
LARGEST = 300_000
"""Bytes: a larger picture has no place in a repository."""

_WIDTH, _HEIGHT, _SCALE = 1100, 900, 1.4
# The sentences under the chart are the pages' own.
_STYLE = "#picture {padding: 12px} #picture figcaption, #picture details {display: none}"
_READY = "html[data-charts=ready]"
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def main() -> int:
    """Write both pictures; say what is missing where they cannot be."""
    if len(sys.argv) != 2:
        print("usage: python tools/picture.py FOLDER_OF_SUFFICE_RUN", file=sys.stderr)
        return 2
    report = Path(sys.argv[1]).resolve() / "report.html"
    if not report.exists():
        print(f"{report} is not there: suffice run writes it", file=sys.stderr)
        return 2
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if chromium is None:
        print("Chromium is not installed (Debian: apt-get install chromium)", file=sys.stderr)
        return 2
    for path in render(report, chromium, IMAGES):
        size = path.stat().st_size
        print(f"{path.relative_to(ROOT)}: {size:,} bytes")
        if size > LARGEST:
            print(f"larger than {LARGEST:,} bytes", file=sys.stderr)
            return 1
    return 0


def render(report: Path, chromium: str, folder: Path) -> list[Path]:
    """Screenshot the chart of the hero picture, once a colour scheme."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        for scheme in SCHEMES:
            page = browser.new_page(
                viewport={"width": _WIDTH, "height": _HEIGHT},
                color_scheme=scheme,
                device_scale_factor=_SCALE,
            )
            page.goto(report.as_uri())
            page.wait_for_selector(_READY, state="attached", timeout=60_000)
            page.add_style_tag(content=_STYLE)
            path = folder / f"picture-{scheme}.png"
            page.locator("#picture").screenshot(path=path, animations="disabled")
            written.append(path)
        browser.close()
    return written


if __name__ == "__main__":
    sys.exit(main())
