"""Every page and picture that suffice writes: names in them are text, and nothing is loaded.

A page is put together here alone. Its parts are escaped before they come here (``Markup``) or here;
its policy lets no script run but those that suffice itself gives, and lets nothing be loaded. A
picture as SVG is looked through before it is written.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any

from suffice._disk import write_file
from suffice._shown import clean, clean_lines
from suffice.errors import SufficeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from markupsafe import Markup

_DRAW = """(() => {
  "use strict";
  const refuse = () => Promise.reject(new Error("this page loads nothing"));
  const loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };
  const spec = JSON.parse(document.getElementById("chart").textContent);
  const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, loader };
  vegaEmbed(document.getElementById("place"), { ...spec, usermeta: {} },
    { ...options, tooltip: false })
    .then(() => { document.documentElement.dataset.charts = "ready"; })
    .catch((error) => { document.getElementById("place").textContent = String(error); });
})();
"""

_SVG_PARTS = frozenset(
    {"svg", "g", "path", "text", "tspan", "rect", "line", "circle", "ellipse", "polygon"}
    | {"polyline", "defs", "clipPath", "linearGradient", "radialGradient", "stop", "style"}
    | {"title", "desc"}
)
"""Elements of a picture that neither run nor load anything."""


@dataclass(frozen=True)
class Page:
    """One HTML page, complete in itself.

    Attributes:
        title: of the window; any text.
        body: what is shown: markup, in which everything from data has been escaped.
        style: a style sheet of suffice's own.
        scripts: scripts of suffice's own, run in this order after the body.
        data: what they read: id of an element -> anything that JSON can hold.
        description: for search and previews; any text.
    """

    title: str
    body: Markup
    style: str = ""
    scripts: tuple[str, ...] = ()
    data: Mapping[str, object] = field(default_factory=dict)
    description: str = ""

    def html(self) -> str:
        """The whole page."""
        for text, end in (*((s, "</script") for s in self.scripts), (self.style, "</style")):
            if end in text.lower():
                raise ValueError(f"a part of a page would end its element early: {end}")
        data = "".join(
            f'<script type="application/json" id="{escape(name)}">{as_json(value)}</script>\n'
            for name, value in self.data.items()
        )
        scripts = "".join(f"<script>{script}</script>\n" for script in self.scripts)
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy(*self.scripts)}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f'<meta name="description" content="{escape(clean(self.description))}">\n'
            f"<title>{escape(clean(self.title))}</title>\n"
            '<link rel="icon" href="data:,">\n'
            f"<style>{self.style}</style>\n</head>\n<body>\n{self.body}\n{data}{scripts}"
            "</body>\n</html>\n"
        )


def write_page(path: Path, page: Page) -> None:
    """Write a page.

    Raises:
        StorageError: the file cannot be written.
    """
    write_file(path, page.html().encode("utf-8", "replace"))


def write_svg(path: Path, drawing: str) -> None:
    """Write a picture as SVG.

    Raises:
        SufficeError: something in it could run or load, so it is not written.
        StorageError: the file cannot be written.
    """
    write_file(path, harmless(drawing, str(path)).encode())


def harmless(drawing: str, where: str) -> str:
    """An SVG that holds shapes and words alone, as it is.

    Raises:
        SufficeError: something in it could run or load, or it is no XML.
    """
    from xml.etree import ElementTree

    # What XML cannot hold is escaped; ends of lines are layout.
    drawing = clean_lines(drawing)
    try:
        parts = list(ElementTree.fromstring(drawing).iter())
    except ElementTree.ParseError as error:
        raise SufficeError(f"{where}: the picture is damaged ({error}): not written") from error
    for part in parts:
        name = str(part.tag).rpartition("}")[2]
        strange = name not in _SVG_PARTS or any(map(_loads, part.attrib.items()))
        if strange or "@import" in (part.text or "" if name == "style" else ""):
            raise SufficeError(f"{where}: the picture would hold {name} with a script: not written")
    return drawing


def _loads(attribute: tuple[str, str]) -> bool:
    """Whether an attribute runs a script or points outside the picture."""
    name, value = attribute[0].rpartition("}")[2].lower(), attribute[1]
    points = name in {"href", "src"} or "url(" in value
    return name.startswith("on") or (points and not value.startswith(("#", "url(#")))


def chart_page(spec: Mapping[str, Any], title: str) -> Page:
    """A page with one Vega-Lite chart, and the library that draws it."""
    from markupsafe import Markup

    return Page(
        title=title,
        body=Markup('<div id="place" role="img"></div>'),
        style="body{margin:16px;background:#fff}#place{max-width:100%;overflow:auto}",
        scripts=(library(), _DRAW),
        data={"chart": spec},
    )


def as_json(value: object) -> str:
    """JSON that may stand inside a script element: no character there can end the element.

    Texts in it are cleaned, as those of a page are.
    """
    text = json.dumps(_cleaned(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _cleaned(value: object) -> object:
    """The value with all of its texts cleaned."""
    if isinstance(value, str):
        return clean_lines(value)
    if isinstance(value, dict):
        return {key: _cleaned(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(part) for part in value]
    return value


def policy(*scripts: str) -> str:
    """A content security policy: nothing is loaded, and only these scripts run."""
    hashes = " ".join(
        f"'sha256-{b64encode(sha256(s.encode()).digest()).decode()}'" for s in scripts
    )
    allowed = hashes or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def library() -> str:
    """Vega, Vega-Lite and their embedding, in one script."""
    from importlib.metadata import version

    from suffice.fetch import cache_folder

    # Bundling takes seconds and depends on nothing but the library's version.
    kept = cache_folder() / "vega" / f"{version('vl-convert-python')}.js"
    try:
        digest, _, script = kept.read_text(encoding="utf-8").partition("\n")
        if digest == f"// {sha256(script.encode()).hexdigest()}":
            return script
    except (OSError, ValueError):
        pass  # not there, or damaged: made again
    import vl_convert

    script = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    # Nothing in a script may end its element early. The library has no such text today.
    script = script.replace("</script", "<\\/script").replace("\r\n", "\n")
    digest = f"// {sha256(script.encode()).hexdigest()}"
    try:
        write_file(kept, f"{digest}\n{script}".encode())
    except SufficeError:
        return script  # a cache that cannot be written costs the next page a few seconds
    return script
