"""Five hundred files that mean no good, or that nobody meant: types, sizes, names, containers.

``corpus(folder)`` writes them and says what each one is for. Nothing in them can do harm: where a
name would run as code, it would leave a file called ``taken`` in the working folder; where a file
would swell, it swells a little beyond what suffice is ready to read.
"""

# Tables of short entries, several a line.
# ruff: noqa: E501, RUF001, UP031

from __future__ import annotations

import csv
import gzip
import io
import json
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TAKEN = "taken"
"""The file that a name would leave behind if anything took it for code."""


@dataclass(frozen=True)
class Hostile:
    """One input.

    Attributes:
        name: what it is, unique.
        path: the file or folder.
        role: what a command would take it for: labels, gold, curves, mixes, study, drivers, runs
            or results.
    """

    name: str
    path: Path
    role: str


VALUES: dict[str, Any] = {
    "empty": "", "blank": "   ", "newline": "a\nb", "crlf": "a\r\nb", "tab": "a\tb",
    "zero byte": "a\x00b", "escape": "\x1b[2J\x1b]0;x\x07", "c1": "\x9b31m", "bell": "\x07" * 50,
    "bidi": "a\u202eb\u2066c", "line separator": "a\u2028b", "invisible": "a\u200b\u2060b",
    "tags": "a\U000e0041\U000e0042", "combining": "e" + "\u0301" * 500, "emoji": "👩‍🔬🏳️‍🌈",
    "hebrew": "שלום", "noncharacter": "\ufffe\uffff", "surrogate": "a\ud800b", "bom": "\ufeffa",
    "markup": "<script>document.title='taken'</script>", "image": "<img src=x onerror=alert(1)>",
    "rich": "[bold red]x[/bold red]", "bracket": "[small]", "open bracket": "[", "slash": "[/]",
    "template": "{{7*7}}${7*7}#{7*7}%s%n{0}{x!r}", "quote": "'\"`\\", "semicolons": ";,|\t",
    "sql": "'; DROP TABLE run; --", "shell": f"$(touch {TAKEN});`touch {TAKEN}`|touch {TAKEN}",
    "python": f"__import__('pathlib').Path('{TAKEN}').touch()", "formula": "=1+1|' /C calc'!A0",
    "path": "../../../../etc/passwd", "device": "/dev/stdin", "url": "file:///etc/passwd",
    "glob": "*?[a-z]{a,b}**", "dash": "--help", "nan": "Nan", "inf": "-inf", "none": "None",
    "null": "null", "true": "TRUE", "number": "1e999", "long number": "9" * 5000,
    "date": "2026-13-45T99:99:99", "long": "x" * 100_000, "words": "a " * 20_000,
    "dunder": "__class__.__mro__", "constructor": "constructor", "prototype": "__proto__",
}  # fmt: skip
"""Values of a cell."""

JSON_TEXTS: dict[str, str] = {
    "deep lists": "[" * 100_000 + "]" * 100_000,
    "deep objects": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "deep mixed": '[{"task":' * 20_000 + "1" + "}]" * 20_000,
    "somewhat deep": "[" * 900 + "]" * 900,
    "unclosed": "[" * 1000,
    "huge integer": '[{"task": 1, "worker": 2, "label": ' + "9" * 100_000 + "}]",
    "integer of 128 bits": '[{"task": %d, "worker": "a", "label": "x"}]' % 2**100,
    "negative integer of 128 bits": '[{"task": "a", "worker": %d, "label": "x"}]' % -(2**127),
    "float too large": '[{"task": "a", "worker": "b", "label": 1e999}]',
    "nan": '[{"task": NaN, "worker": Infinity, "label": -Infinity}]',
    "surrogate": '[{"task": "\\ud800", "worker": "\\udfff", "label": "\\ud800"}]',
    "surrogate key": '[{"\\ud800": 1, "task": "a", "worker": "b", "label": "c"}]',
    "same keys": '[{"task": 1, "task": 2, "worker": "a", "label": "x"}]',
    "empty keys": '[{"": 1, " ": 2, "task": "a", "worker": "b", "label": "c"}]',
    "proto": '[{"__proto__": {"a": 1}, "task": "a", "worker": "b", "label": "c"}]',
    "scalar": "3", "text": '"abc"', "null": "null", "true": "true", "nothing": "", "blanks": "  \n ",
    "empty list": "[]", "empty object": "{}", "list of nothing": "[null, null]",
    "list of lists": "[[1, 2], [3]]", "list of mixed": '[1, "a", null, {"task": 1}, [2]]',
    "one object": '{"task": "a", "worker": "b", "label": "c"}', "trailing": "[1] [2]",
    "comment": "// a\n[]", "single quotes": "[{'task': 'a'}]", "cut short": '[{"task": "a", "wor',
    "many keys": "[{" + ",".join(f'"k{i}": {i}' for i in range(20_000)) + "}]",
    "objects as values": '[{"task": {"a": 1}, "worker": [1, 2], "label": {"b": [{}]}}]',
    "types that change": "\n".join(
        json.dumps({"task": i, "worker": [1, "a", None, {}, [], 2.5][i % 6], "label": i % 2 == 0})
        for i in range(60)
    ),
    "label studio": '[{"id": 1, "annotations": [{"result": [{"value": {"choices": [{"x": 1}]}}]}]}]',
    "label studio odd": '[{"id": {}, "annotations": {"a": 1}, "data": []}]',
    "argilla": '[{"responses": {"q": [{"value": {}, "user_id": []}]}, "fields": 3}]',
    "preferences": '[{"chosen": [{"role": {}, "content": 3}], "rejected": []}]',
    "preferences deep": '[{"chosen": ' + "[" * 400 + "]" * 400 + ', "rejected": "a"}]',
    "prodigy": '{"answer": [1], "_input_hash": "x", "_session_id": {}, "accept": 5}',
    "doccano": '{"id": [], "text": null, "label": [[{}]], "annotations": [[]]}',
}  # fmt: skip
"""JSON, and what claims to be."""

CSV_TEXTS: dict[str, bytes] = {
    "nothing": b"", "newlines": b"\n\n\n\n", "header": b"task,worker,label\n",
    "one column": b"label\n1\n0\n", "open quote": b'task,worker,label\na,"b,c\n' * 3,
    "quotes inside": b'task,worker,label\na,b"c"d,e\n"a"b,c,d\n',
    "ragged": b"task,worker,label\na,b,c,d,e\na\n,,,,,,,\n",
    "same header": b"task,task,worker,label,label\na,b,c,d,e\n",
    "empty header": b",,,\na,b,c,d\n", "zero bytes": b"task,worker,label\na\x00,b,c\n",
    "only zeros": b"\x00" * 1000, "latin1": b"task,worker,label\na,Zo\xeb,x\n",
    "utf16": "task,worker,label\na,b,c\n".encode("utf-16"), "cr": b"task,worker,label\ra,b,c\r",
    "bom": b"\xef\xbb\xbftask,worker,label\na,b,c\n", "two boms": b"\xef\xbb\xbf" * 2 + b"task\na\n",
    "overlong": b"task,worker,label\na,b,\xc0\xaf\n", "cut utf8": b"task,worker,label\na,b,\xe2\x82",
    "wide": (",".join(f"c{i}" for i in range(5000)) + "\n" + ",".join("1" * 5000) + "\n").encode(),
    "long line": b"task,worker,label\na,b," + b"x" * 3_000_000 + b"\n",
    "separators": b"task;worker,label\ta|b\n1;2,3\t4|5\n", "comment": b"# a\ntask,worker,label\n",
    "sep line": b"sep=;\ntask;worker;label\na;b;c\n", "numbers": b"1,2,3\n4,5,6\n",
    "no end": b"task,worker,label\na,b,c", "binary": bytes(range(256)) * 40,
    "pickle": pickle.dumps({"task": [1], "worker": [2], "label": [3]}),
    "png": b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "elf": b"\x7fELF" + b"\x00" * 200,
    "html": b"<!doctype html><script>document.title='taken'</script>",
    "one worker": b"task,worker,label\n" + b"".join(b"t%d,w,x\n" % i for i in range(50)),
    "one label": b"task,worker,label\n" + b"".join(b"t%d,w%d,x\n" % (i, i) for i in range(50)),
    "many classes": b"task,worker,label\n" + b"".join(b"t%d,w%d,l%d\n" % (i, i % 7, i)
                                                     for i in range(3000)),
    "same row": b"task,worker,label\n" + b"a,b,c\n" * 500,
    "costs": b"task,worker,label,cost\na,b,c,1e308\na,d,c,-1e308\na,e,f,nan\nb,b,c,inf\n",
    "seconds": b"task,worker,label,seconds\na,b,c,99999999999999999999\na,d,c,-1\n",
    "times": b"task,worker,label,time\na,b,c,9999-99-99\na,d,c,1e30\nb,b,f,-5\n",
}  # fmt: skip
"""CSV, and what claims to be."""


class _Runs:
    """An object that would leave a file behind if it were ever unpickled."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (Path(TAKEN),)


def rows(value: Any, column: str) -> list[dict[str, Any]]:
    """An honest table of labels, one column of which holds the value here and there."""
    table = [
        {"task": f"t{i // 3}", "worker": f"w{i % 3}", "label": ("no", "yes")[(i // 3) % 2]}
        for i in range(36)
    ]
    for row in table[::5]:
        row[column] = value
    return table


def corpus(folder: Path) -> list[Hostile]:
    """Write all inputs below a folder."""
    made: list[Hostile] = []
    for part in (_cells, _json, _csv, _parquet, _packed, _names, _numbers, _studies, _results):
        for name, role, path in part(folder / part.__name__.strip("_")):
            made.append(Hostile(f"{part.__name__.strip('_')}: {name}", path, role))
    return made


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _as_csv(table: list[dict[str, Any]], separator: str = ",") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue().encode("utf-8", "surrogatepass")


def _cells(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Each value as a worker, a task or a label, in turn, in every container."""
    columns = ("worker", "label", "task", "source")
    for k, (name, value) in enumerate(VALUES.items()):
        table = rows(value, columns[k % 4] if k % 4 < 3 else "worker")
        if k % 4 == 3:
            for row in table:
                row["source"] = value
        as_json = json.dumps(table).encode()
        lines = "".join(json.dumps(row) + "\n" for row in table).encode()
        for kind, content in (
            ("csv", _as_csv(table)), ("tsv", _as_csv(table, "\t")), ("json", as_json),
            ("jsonl", lines),
        ):  # fmt: skip
            yield f"{name} in {kind}", "labels", _put(folder / f"{k}.{kind}", content)
        if k % 3 == 0:
            gold = [{"task": r["task"], "gold": r["label"]} for r in table[::3]]
            gold[0]["gold"] = value
            yield f"{name} as gold", "gold", _put(folder / f"{k}-gold.csv", _as_csv(gold))


def _json(folder: Path) -> Iterator[tuple[str, str, Path]]:
    for k, (name, text) in enumerate(JSON_TEXTS.items()):
        content = text.encode("utf-8", "surrogatepass")
        yield f"{name}, json", "labels", _put(folder / f"{k}.json", content)
        yield f"{name}, lines", "labels", _put(folder / f"{k}.jsonl", content)


def _csv(folder: Path) -> Iterator[tuple[str, str, Path]]:
    for k, (name, content) in enumerate(CSV_TEXTS.items()):
        yield name, "labels", _put(folder / f"{k}.csv", content)
        if k % 3 == 0:
            yield f"{name} as curves", "curves", _put(folder / f"{k}-curves.csv", content)
        if k % 3 == 1:
            yield f"{name} as gold", "gold", _put(folder / f"{k}-gold.csv", content)
        if k % 3 == 2:
            yield f"{name} as runs", "runs", _put(folder / f"{k}-runs.csv", content)


def _parquet(folder: Path) -> Iterator[tuple[str, str, Path]]:
    import datetime
    from decimal import Decimal

    import polars as pl

    n = 12
    now = datetime.datetime(2026, 1, 1)
    columns = {
        "i8": pl.Series([-128] * n, dtype=pl.Int8), "u64": pl.Series([2**64 - 1] * n, dtype=pl.UInt64),
        "i128": pl.Series([2**100 + i for i in range(n)], dtype=pl.Int128),
        "f32": pl.Series([float("nan"), float("inf")] * 6, dtype=pl.Float32),
        "decimal": pl.Series([Decimal("1e20")] * n), "null": pl.Series([None] * n),
        "bool": pl.Series([True, False] * 6), "binary": pl.Series([b"\xff\x00\xfe"] * n),
        "text as bytes": pl.Series([b"yes", b"no"] * 6), "date": pl.Series([now.date()] * n),
        "datetime": pl.Series([now] * n), "zone": pl.Series([now] * n).dt.replace_time_zone("Asia/Tokyo"),
        "time": pl.Series([now.time()] * n), "duration": pl.Series([now - now] * n),
        "list": pl.Series([[1, 2], []] * 6), "nested": pl.Series([[[["b"]]], [[["a"]]]] * 6),
        "struct": pl.Series([{"a": 1, "b": {"c": []}}] * n),
        "array": pl.Series([[1, 2]] * n, dtype=pl.Array(pl.Int64, 2)),
        "category": pl.Series(["a", "b"] * 6, dtype=pl.Categorical),
        "enum": pl.Series(["a", "b"] * 6, dtype=pl.Enum(["a", "b"])),
        "long text": pl.Series(["x" * 100_000] * n),
    }  # fmt: skip
    honest = pl.DataFrame(
        {
            "task": [f"t{i // 3}" for i in range(n)],
            "worker": [f"w{i % 3}" for i in range(n)],
            "label": ["no", "yes"] * 6,
        }
    )
    for k, (name, series) in enumerate(columns.items()):
        for role in ("task", "worker", "label"):
            path = folder / f"{k}-{role}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            honest.with_columns(series.alias(role)).write_parquet(path)
            yield f"{name} as {role}", "labels", path
    whole = (folder / "0-task.parquet").read_bytes()
    for name, content in {
        "cut": whole[:-20], "half": whole[: len(whole) // 2], "magic": b"PAR1" * 20, "empty": b"",
        "changed": whole[:40] + b"\xff" * 40 + whole[80:],
        "footer": whole[:-8] + b"\xff\xff\xff\x7fPAR1",
        "csv inside": b"task,worker,label\na,b,c\n",
    }.items():  # fmt: skip
        yield name, "labels", _put(folder / f"{name}.parquet", content)
    for name, frame in {
        "no rows": honest.head(0), "no columns": pl.DataFrame(),
        "odd columns": honest.rename({"task": "", "worker": "\x1b[2J", "label": "a" * 50_000}),
    }.items():  # fmt: skip
        path = folder / f"{name}.parquet"
        frame.write_parquet(path)
        yield name, "labels", path


def _packed(folder: Path) -> Iterator[tuple[str, str, Path]]:
    honest = _as_csv(rows("yes", "label"))
    packed = gzip.compress(honest)
    million = gzip.compress(b"a,b,c\n" * 200_000)
    for name, content in {
        "bomb": gzip.compress(b"task,worker,label\n") + million * 1000,
        "cut": packed[:-9], "wrong sum": packed[:-8] + b"\x00" * 8, "header": packed[:10],
        "twice": gzip.compress(packed), "trailing": packed + b"abc", "two": packed + packed,
        "not at all": b"\x1f\x8b" + b"\x00" * 50,
    }.items():  # fmt: skip
        yield f"{name}, csv.gz", "labels", _put(folder / f"{name}.csv.gz", content)
    yield (
        "json bomb",
        "labels",
        _put(folder / "bomb.json.gz", gzip.compress(b"[") + gzip.compress(b" " * 1_200_000) * 1000),
    )
    for name, entries in {
        "outside": {"../../taken.csv": honest, "/taken.csv": honest}, "none": {},
        "folder": {"a/": b""}, "nested": {"a.zip": packed}, "many": {f"{i}.csv": honest for i in range(300)},
        "odd name": {"\x1b[2J\u202e.csv": honest}, "mixed": {"a.csv": honest, "b.json": b"[[[", "c.parquet": b"PAR1"},
    }.items():  # fmt: skip
        yield f"{name}, zip", "labels", _put(folder / f"{name}.zip", _zip(entries))
    whole = _zip({"a.csv": honest})
    central = whole.index(b"PK\x01\x02")
    for name, at, byte in (("encrypted", 8, 1), ("unknown method", 10, 99), ("size", 24, 255)):
        changed = bytearray(whole)
        changed[central + at] = byte
        if name != "size":
            changed[at - 2] = byte
        yield f"{name}, zip", "labels", _put(folder / f"{name}.zip", bytes(changed))
    yield "cut, zip", "labels", _put(folder / "cut.zip", whole[:-30])
    bomb = _zip({f"{i}.csv": b"a,b,c\n" * 2_000_000 for i in range(2)} | {"c.csv": b"x" * 10})
    yield "zip bomb", "labels", _put(folder / "bomb.zip", _swollen(bomb))
    yield "eval", "labels", _put(folder / "a.eval", _zip({"header.json": b"[" * 50_000}))
    yield "pickle as json", "labels", _put(folder / "p.json", pickle.dumps(_Runs()))
    yield "pickle as parquet", "labels", _put(folder / "p.parquet", pickle.dumps(_Runs()))


def _zip(entries: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in entries.items():
            archive.writestr(name, inside)
    return content.getvalue()


def _swollen(archive: bytes) -> bytes:
    """The archive with its first entry listed a hundred times: as much as is said, many times."""
    end = archive.index(b"PK\x05\x06")
    begin = archive.index(b"PK\x01\x02")
    listed = archive[begin:end]
    first = listed[: listed.index(b"PK\x01\x02", 4)]
    count = 100
    tail = bytearray(archive[end:])
    tail[8:10] = tail[10:12] = count.to_bytes(2, "little")
    tail[12:16] = (len(first) * count).to_bytes(4, "little")
    return archive[:begin] + first * count + bytes(tail)


def _names(folder: Path) -> Iterator[tuple[str, str, Path]]:
    honest = _as_csv(rows("yes", "label"))
    for name in (
        "labels[1].csv", "*.csv", "?.csv", "{a,b}.csv", "a b.csv", " .csv", "a\nb.csv", "\x1b[2J.csv",
        "\u202evsc.csv", "-rf.csv", "--help.csv", "~.csv", "$HOME.csv", "%s%n.csv", "'\".csv", "[bold].csv",
        "a" * 240 + ".csv", ".csv", "labels.csv.csv", "a.CSV", "Zoë.csv", "a.b.c.csv", "CON.csv",
    ):  # fmt: skip
        yield f"file {name!r}", "labels", _put(folder / name, honest)
    (folder / "folder.csv").mkdir()
    yield "a folder", "labels", folder / "folder.csv"
    (folder / "loop.csv").symlink_to("loop.csv")
    yield "a looped link", "labels", folder / "loop.csv"
    (folder / "gone.csv").symlink_to("nowhere.csv")
    yield "a link to nothing", "labels", folder / "gone.csv"
    (folder / "device.csv").symlink_to("/dev/zero")
    yield "a link to a device", "labels", folder / "device.csv"
    yield "a name too long", "labels", folder / ("a" * 300 + ".csv")
    yield "a path too long", "labels", folder / ("a/" * 3000 + "b.csv")
    (folder / "odd").write_bytes(honest)
    yield "no ending", "labels", folder / "odd"


def _numbers(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Curves and mixes whose numbers are no numbers, or too large, too small, too few."""
    odd = ("nan", "inf", "-inf", "-1", "0", "1e308", "1e-308", "5e-324", "1e999", "abc", "", "1_000",
           "0x10", "９", "1,5", "9" * 400, "true", "2026-01-01")  # fmt: skip
    for k, value in enumerate(odd):
        for column in ("x", "y"):
            table = [{"curve": f"c{j}", "x": str(x), "y": str(x**-0.3)} for j in range(2)
                     for x in (10, 20, 40, 80, 160)]  # fmt: skip
            table[3][column] = value
            yield (
                f"{value!r} as {column}",
                "curves",
                _put(folder / f"{k}{column}.csv", _as_csv(table)),
            )
        mixes = [{"n_weak": str(w), "n_high": str(h), "y": str(0.5 - 0.01 * (w + 9 * h) ** 0.4)}
                 for w in (0, 50, 100) for h in (5, 10, 20)]  # fmt: skip
        mixes[4]["n_weak"] = value
        yield f"{value!r} in a mix", "mixes", _put(folder / f"{k}-mix.csv", _as_csv(mixes))
    same = [{"curve": "a", "x": "10", "y": "0.5"}] * 20
    yield "one point many times", "curves", _put(folder / "same.csv", _as_csv(same))
    flat = [{"curve": "a", "x": str(x), "y": "0.5"} for x in range(1, 40)]
    yield "flat", "curves", _put(folder / "flat.csv", _as_csv(flat))


STUDY = """\
name = "hostile"
[task]
kind = "votes"
items = "items.csv"
gold = "gold.csv"
classes = ["no", "yes"]
[criterion]
error = 0.2
[sources.crowd]
labels = "crowd.csv"
price = 0.1
[models]
target = "glove-50d"
[budget]
money = 200
"""


def _studies(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Study files and drivers that are no TOML, or hold the wrong things."""
    from small import vote_files

    folder.mkdir(parents=True)
    vote_files(folder, tasks=200, gold=60)
    changes = {
        "huge price": ("price = 0.1", f"price = 1{'0' * 400}"), "inf": ("price = 0.1", "price = inf"),
        "nan": ("error = 0.2", "error = nan"), "negative": ("money = 200", "money = -1e308"),
        "huge seed": ("[task]", f"seed = {10**30}\n[task]"), "text": ("price = 0.1", 'price = "free"'),
        "list": ("price = 0.1", "price = [[[]]]"), "date": ("money = 200", "money = 2026-01-01"),
        "deep": ('name = "hostile"', "name = " + "[" * 5000 + "]" * 5000),
        "deep tables": ("[models]", "[" + ".".join("a" * 2000) + "]\n[models]"),
        "escape": ('name = "hostile"', 'name = "\\u001b[2J\\u202e<script>"'),
        "source name": ("[sources.crowd]", '[sources."\\u001b]0;x\\u0007[red]"]'),
        "long name": ("[sources.crowd]", f'[sources."{"x" * 20_000}"]'),
        "no such file": ('labels = "crowd.csv"', 'labels = "../../../nowhere/x.csv"'),
        "device": ('labels = "crowd.csv"', 'labels = "/dev/zero"'),
        "folder": ('labels = "crowd.csv"', 'labels = "."'), "model": ("glove-50d", "hf:../../x"),
        "model path": ("glove-50d", "hf:/dev/zero"), "unknown": ("[models]", "[model]"),
        "classes": ('["no", "yes"]', "[]"), "same classes": ('["no", "yes"]', '["no", "no"]'),
        "many classes": ('["no", "yes"]', json.dumps([str(i) for i in range(5000)])),
        "kind": ('kind = "votes"', 'kind = "__class__"'), "cut": ("[budget]", "[budg"),
    }  # fmt: skip
    for k, (name, (old, new)) in enumerate(changes.items()):
        path = _put(folder / f"{k}.toml", STUDY.replace(old, new).encode())
        yield name, "study", path
    for name, content in {
        "nothing": b"", "binary": bytes(range(256)), "latin1": b'name = "Zo\xeb"',
        "utf16": STUDY.encode("utf-16"), "json": b"{}", "zero bytes": b"\x00" * 100,
        "long line": b'name = "' + b"x" * 1_000_000 + b'"', "same keys": b"a = 1\na = 2\n",
    }.items():  # fmt: skip
        yield name, "study", _put(folder / f"{name}.toml", content)
        yield f"{name} as drivers", "drivers", _put(folder / f"{name}-drivers.toml", content)


def _results(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Results folders one file of which was damaged or made up."""
    from report_study import study_files, write_study

    damage: dict[str, Callable[[bytes], bytes]] = {
        "cut": lambda b: b[: len(b) // 2], "empty": lambda b: b"", "zeros": lambda b: b"\x00" * len(b),
        "deep": lambda b: b"[" * 100_000, "list": lambda b: b"[1, 2]\n",
        "huge": lambda b: b'{"version": ' + b"9" * 10_000 + b"}",
        "surrogate": lambda b: b'{"version": 1, "\\ud800": "\\udfff", "study": "\\ud800"}\n',
    }  # fmt: skip
    for name in study_files():
        for what, change in damage.items():
            place = write_study(folder / f"{name}-{what}")
            (place / name).write_bytes(change((place / name).read_bytes()))
            yield f"{name} {what}", "results", place
