"""Tables of training runs made elsewhere: what is read, what is said, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.demand.runs import (
    MetricColumn,
    RunColumns,
    SourceColumn,
    read_runs,
    recognise_runs,
)
from suffice.errors import InputError
from suffice.metric import Metric

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.demand.runs import RunTable

CSV = """\
,run_id,model,n_crowd,n_panel,seed,eval_accuracy,harm,eval_runtime
0,a,gpt2,1000,0,1,.71,.10,12.5
1,b,gpt2,1000,200,1,.75,.08,12.9
2,c,gpt2,3000,0,1,.77,.09,12.4
3,d,gpt2,3000,200,2,.80,.05,12.6
"""


def _read(tmp_path: Path, text: str, name: str = "runs.csv", **columns: object) -> RunTable:
    path = tmp_path / name
    path.write_text(text)
    return read_runs(path, RunColumns(**columns) if columns else None)  # type: ignore[arg-type]


def _said(table: RunTable, part: str) -> bool:
    return any(part in note for note in table.notes)


def test_plain_table(tmp_path: Path) -> None:
    """Counts, metrics with direction, seeds and models are recognised; the index is left out."""
    table = _read(tmp_path, CSV)
    assert table.ids == ("a", "b", "c", "d")
    assert table.sources == ("crowd", "panel")
    assert table.counts.tolist() == [[1000, 0], [1000, 200], [3000, 0], [3000, 200]]
    assert table.unit == "labels"
    assert [(m.name, m.better) for m in table.metrics] == [
        ("eval_accuracy", "higher"),
        ("harm", "lower"),
    ]
    assert table.values[3].tolist() == [0.80, 0.05]
    assert table.seeds == ("1", "1", "1", "2")
    assert set(table.models) == {"gpt2"}
    assert table.unused == ("eval_runtime",)
    assert _said(table, "numbers the rows")
    assert _said(table, "no run repeats")
    assert {t.column: t.role for t in table.taken}["n_panel"] == "labels of panel"


@pytest.mark.parametrize("kind", ["tsv", "parquet", "jsonl", "json"])
def test_formats(tmp_path: Path, kind: str) -> None:
    """The same rows in another format are the same table."""
    source = tmp_path / "runs.csv"
    source.write_text(CSV)
    frame = pl.read_csv(source).drop("")
    path = tmp_path / f"runs.{kind}"
    if kind == "tsv":
        frame.write_csv(path, separator="\t")
    elif kind == "parquet":
        frame.write_parquet(path)
    elif kind == "jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_json(path)
    table, plain = read_runs(path), read_runs(source)
    assert (table.counts == plain.counts).all()
    assert (table.values == plain.values).all()
    assert (table.ids, table.metrics, table.seeds) == (plain.ids, plain.metrics, plain.seeds)


def test_rounds(tmp_path: Path) -> None:
    """Labels of a later round stand in a column of their own, and both add up."""
    table = _read(tmp_path, "n_crowd,n_crowd@2,n_gold@2,acc\n100,50,5,.6\n200,0,0,.7\n")
    assert table.sources == ("crowd", "gold")
    assert table.rounds == (1, 2)
    assert table.round_counts.tolist() == [[[100, 50], [0, 5]], [[200, 0], [0, 0]]]
    assert table.counts.tolist() == [[150, 5], [200, 0]]


def test_two_files(tmp_path: Path) -> None:
    """Shares and metrics in two files are joined by the run, and what has no partner is said."""
    ratios = tmp_path / "ratios.csv"
    ratios.write_text(",run,web,books,code\n0,x,.5,.25,.25\n1,y,.2,.2,.6\n2,z,1,0,0\n")
    metrics = tmp_path / "metrics.csv"
    metrics.write_text("run,bpb_web,bpb_code\ny,1.1,.9\nx,1.2,.8\n")
    table = read_runs([ratios, metrics])
    assert table.ids == ("x", "y")
    assert table.sources == ("web", "books", "code")
    assert table.unit == "share"
    assert table.values.tolist() == [[1.2, 0.8], [1.1, 0.9]]
    assert _said(table, "1 rows have no partner")
    assert _said(table, "count in shares")


def test_epochs(tmp_path: Path) -> None:
    """Rows of epochs are one run: the last by default, the best where the study says so."""
    text = (
        "run,epoch,n_crowd,acc,loss\n"
        "a,1,10,.5,.9\na,2,10,.7,.5\na,3,10,.6,\nb,1,20,.6,.8\nb,3,20,.8,.4\nb,2,20,.9,.6\n"
    )
    last = _read(tmp_path, text)
    assert last.ids == ("a", "b")
    assert last.values.tolist() == [[0.6, 0.5], [0.8, 0.4]]
    assert _said(last, "6 rows are steps of 2 runs")
    from dataclasses import replace

    columns = replace(last.columns, keep="best", keep_by="acc")
    best = read_runs(tmp_path / "runs.csv", columns)
    assert best.values.tolist() == [[0.7, 0.5], [0.9, 0.6]]
    assert _said(best, "flatters")


def test_epochs_without_ids(tmp_path: Path) -> None:
    """Epochs of runs that no column names are told apart by their settings, repeats are not."""
    text = "n_crowd,seed,step,acc\n10,1,1,.5\n10,1,2,.6\n10,2,1,.55\n10,2,2,.62\n"
    table = _read(tmp_path, text)
    assert table.values[:, 0].tolist() == [0.6, 0.62]
    assert _said(table, "1 of 1 cells have repeats")
    with pytest.raises(InputError, match="rows 1 and 3 have the same settings and step"):
        _read(tmp_path, text.replace("seed", "eval_runtime"))


def test_diverged_last_epoch(tmp_path: Path) -> None:
    """A run whose last loss is not finite failed, whatever it had before."""
    table = _read(tmp_path, "run,epoch,n_a,loss\nr,1,5,.5\nr,2,5,nan\ns,1,5,.4\ns,2,5,.3\n")
    assert table.states == ("failed", "done")
    assert table.values[1, 0] == 0.3
    assert _said(table, "not finite in 1 runs")


def test_same_run_twice(tmp_path: Path) -> None:
    """A run with two results and no order is refused with both rows."""
    with pytest.raises(InputError, match=r"rows 1 and 3 are of one run .*no column says"):
        read_runs(
            pl.DataFrame({"run": ["a", "b", "a"], "n_x": [1, 2, 1], "acc": [0.5, 0.6, 0.7]}),
            RunColumns(
                sources=(SourceColumn("x", count="n_x"),),
                metrics=(MetricColumn(Metric("acc", better="higher"), "acc"),),
                run="run",
            ),
        )


def test_copies(tmp_path: Path) -> None:
    """A row that repeats another in every column is a copy, not a further run."""
    table = _read(tmp_path, CSV.replace("3,d", "3,d") + "4,d,gpt2,3000,200,2,.80,.05,12.6\n")
    assert len(table) == 4
    assert _said(table, "1 rows repeat another in every column")


def test_words_for_nothing(tmp_path: Path) -> None:
    """None, NA and gaps are missing; a gap in one count of several is said; failures stay apart."""
    text = (
        "run,n_a,n_b,acc,f1,status\na,10,None,.5,.4,finished\nb,,20,None,.6,finished\n"
        "c,30,0,,N/A,running\nd,,,.5,.5,finished\ne,5,5,OOM,,finished\nf,5,6,.9,.9,crashed\n"
    )
    table = _read(tmp_path, text)
    assert table.ids == ("a", "b", "c", "e", "f")
    assert table.counts.tolist()[:2] == [[10, 0], [0, 20]]
    assert table.states == ("done", "done", "pending", "failed", "failed")
    assert np.isnan(table.values[[1, 4], [0, 0]]).all()
    assert _said(table, "n_b is empty in 1 rows")
    assert _said(table, "1 rows do not say what they were trained on")


@pytest.mark.parametrize(
    ("text", "unit", "counts"),
    [
        ("w/o-crowd", "whole source", [0, 1]),
        ("without panel", "whole source", [1, 0]),
        ("all", "whole source", [1, 1]),
        ("crowd only", "whole source", [1, 0]),
        ("crowd + panel", "whole source", [1, 1]),
        ("none", "whole source", [0, 0]),
    ],
)
def test_mixtures_in_words(tmp_path: Path, text: str, unit: str, counts: list[float]) -> None:
    """Mixtures named by what is in or left out are read, with what they do not say."""
    table = _read(tmp_path, f"mixture,acc\n{text},.5\nw/o-crowd,.6\nw/o-panel,.7\n")
    assert table.sources == ("crowd", "panel")
    assert table.unit == unit
    assert table.counts[0].tolist() == counts
    assert _said(table, "not how many labels")


def test_mixtures_with_amounts(tmp_path: Path) -> None:
    """Mixtures with shares or counts are read; whole sources count where their size is stated."""
    shares = _read(tmp_path, "mix,total,acc\n70% a + 30% b,1000,.5\n.2 a + .8 b,500,.6\n")
    assert shares.counts.round(6).tolist() == [[700, 300], [100, 400]]
    counts = _read(tmp_path, "mix,acc\n3000 crowd + 200 panel,.5\n1k crowd,.6\n")
    assert counts.counts.tolist() == [[3000, 200], [1000, 0]]
    whole = _read(
        tmp_path, "mix,acc\nw/o-a,.5\nall,.6\n", mixture="mix", full=(("a", 500.0), ("b", 80.0)),
        metrics=(MetricColumn(Metric("acc", better="higher"), "acc"),),
    )  # fmt: skip
    assert whole.unit == "labels"
    assert whole.counts.tolist() == [[0, 80], [500, 80]]
    with pytest.raises(InputError, match="counts and in without"):
        _read(tmp_path, "mix,acc\nw/o-a,.5\n30 a,.6\n")


def test_percent_beside_fractions(tmp_path: Path) -> None:
    """Shares and metrics in two scales are brought to one, and it is said where."""
    table = _read(tmp_path, "share_a,share_b,accuracy\n.7,.3,.71\n60,40,65\n.5,.5,.6\n")
    assert table.counts.tolist() == [[0.7, 0.3], [0.6, 0.4], [0.5, 0.5]]
    assert table.values[:, 0].tolist() == [71, 65, 60]
    assert table.metrics[0].high == 100
    assert _said(table, "shares are in per cent in 1 rows, the first in row 2")
    assert _said(table, "multiplied by 100 in 2 of them")
    low = _read(tmp_path, "n_a,error\n10,.5\n20,3\n30,1.4\n")
    assert low.values[:, 0].tolist() == [0.5, 3, 1.4]


def test_shares_that_do_not_add_up(tmp_path: Path) -> None:
    """Less than a whole is said, more is refused; both name the row."""
    table = _read(tmp_path, "share_a,share_b,acc\n.7,.3,.71\n.5,.3,.65\n")
    assert _said(table, "add up to less than 1 in 1 rows, least to 0.8 in row 2")
    with pytest.raises(InputError, match=r"row 2 add up to 1\.3"):
        _read(tmp_path, "share_a,share_b,acc\n.7,.3,.71\n.5,.8,.65\n")


def test_one_share(tmp_path: Path) -> None:
    """What a lone share leaves is one source of its own, and counts where there is a total."""
    table = _read(tmp_path, "human_percent,n_train,acc\n75,1000,.7\n0,1000,.6\n")
    assert table.sources == ("human", "rest")
    assert table.counts.tolist() == [[750, 250], [0, 1000]]
    assert _said(table, "taken for one source, named rest")


def test_means_directions_and_constants(tmp_path: Path) -> None:
    """A metric that is the mean of others, guessed directions and constant columns are said."""
    rng = np.random.default_rng(1)
    chat, safety, odd = rng.random((3, 12)).round(4)
    frame = pl.DataFrame(
        {
            "n_a": range(12), "lr": [1e-5] * 12, "Chat": chat, "Safety": safety,
            "Overall": ((chat + safety) / 2).round(4), "wug": odd, "toxicity": odd,
        }
    )  # fmt: skip
    table = read_runs(frame)
    assert [(m.metric, m.of) for m in table.means] == [("Overall", ("Chat", "Safety"))]
    assert _said(table, "no name says whether more is better of wug")
    assert _said(table, "the same in every run, so nothing is learned of lr")
    assert {m.name: m.better for m in table.metrics}["toxicity"] == "lower"


def test_models_and_sizes(tmp_path: Path) -> None:
    """Two models in one column stay two, with sizes where their names state them."""
    table = _read(tmp_path, "arch,n_a,acc\nqwen2-7B,10,.5\npythia-410m,10,.4\nqwen2-7B,20,.6\n")
    assert table.sizes.tolist() == [7e9, 4.1e8, 7e9]
    assert _said(table, "2 models: pythia-410m, qwen2-7B")
    assert table.cells().tolist() == [0, 1, 2]


def test_numbered_columns(tmp_path: Path) -> None:
    """A table with a column for each number of labels has a run in each cell."""
    table = _read(tmp_path, "config name,0,200,400\ngpt2,4.5,4.1,3.9\nopt-1b,4.2,,3.1\n")
    assert table.counts[:, 0].tolist() == [0, 0, 200, 200, 400, 400]
    assert table.states.count("pending") == 1
    assert table.ids[2] == "row 1 @200"


def test_sources_named_by_a_column() -> None:
    """A column may name the source of all labels of a row."""
    frame = pl.DataFrame({"noise": [0.0, 0.1], "n": [100, 200], "acc": [0.5, 0.6]})
    metric = MetricColumn(Metric("acc", better="higher"), "acc")
    columns = RunColumns(source_of="noise", total="n", metrics=(metric,))
    table = read_runs(frame, columns)
    assert table.sources == ("noise 0.0", "noise 0.1")
    assert table.counts.tolist() == [[100, 0], [0, 200]]


def test_times_put_in_order(tmp_path: Path) -> None:
    """Runs come in the order of their time."""
    table = _read(tmp_path, "run,date,n_a,acc\nb,2026-02-01,10,.5\na,2026-01-01T10:00:00Z,5,.4\n")
    assert table.ids == ("a", "b")
    assert _said(table, "put in order of date")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\nx,y\n", "no column counts labels"),
        ("n_a,b\n3,y\n4,z\n", "no column is a result"),
        ("n_a,acc\n-3,.5\n4,.6\n", "n_a is -3 in row 1"),
        ("n_a,n_b,acc\n", "there are no rows"),
    ],
)
def test_refused(tmp_path: Path, text: str, told: str) -> None:
    """What is no table of runs gets one line that says why."""
    sources = (SourceColumn("a", count="n_a"),)
    metric = (MetricColumn(Metric("acc", better="higher"), "acc"),)
    given = {"sources": sources, "metrics": metric} if "-3" in text else {}
    with pytest.raises(InputError, match=told):
        _read(tmp_path, text, **given)  # type: ignore[arg-type]


def test_columns_by_name(tmp_path: Path) -> None:
    """A column that a study names and the file lacks is one line, and rows can be chosen."""
    path = tmp_path / "runs.csv"
    path.write_text(CSV)
    from dataclasses import replace

    columns = recognise_runs(path).columns
    some = read_runs(path, replace(columns, where=(("seed", ("2",)),)))
    assert some.ids == ("d",)
    with pytest.raises(InputError, match="there is no column 'sed'"):
        read_runs(path, replace(columns, seed="sed"))


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_of_rows_and_columns(random: object) -> None:
    """Shuffling rows and columns of a table changes no run."""
    shuffle = random.shuffle  # type: ignore[attr-defined]
    frame = pl.read_csv(CSV.encode()).drop("")
    rows, names = list(range(len(frame))), list(frame.columns)
    shuffle(rows)
    shuffle(names)
    plain, mixed = read_runs(frame), read_runs(frame[rows].select(names))
    back = mixed.take([mixed.ids.index(i) for i in plain.ids])
    assert [m.name for m in sorted(mixed.metrics, key=str)] == ["eval_accuracy", "harm"]
    for k, source in enumerate(plain.sources):
        assert (back.counts[:, back.sources.index(source)] == plain.counts[:, k]).all()
    for k, metric in enumerate(plain.metrics):
        assert (back.values[:, back.metric(metric.name)] == plain.values[:, k]).all()
    assert back.seeds == plain.seeds


def test_published_tables(shared_data: Path) -> None:
    """Public tables are read as their notes say: sources, metrics, models, sizes, repeats."""
    runs, curves = shared_data / "runs", shared_data / "curves"
    help_steer = read_runs(runs / "hybrid-preferences" / "helpsteer2_runs.csv")
    assert (len(help_steer), help_steer.sources) == (26, ("human", "gpt4"))
    assert [m.metric for m in help_steer.means] == ["Overall"]
    regmix = read_runs(
        [runs / "regmix" / "train_mixture_1m.csv", runs / "regmix" / "train_pile_loss_1m.csv"]
    )
    assert regmix.counts.shape == (512, 17)
    assert {m.better for m in regmix.metrics} == {"lower"}
    olmix = read_runs(
        [runs / "olmix-dclm" / "dclm_ratios.csv", runs / "olmix-dclm" / "dclm_metrics.csv"]
    )
    assert (olmix.counts.shape, olmix.values.shape) == ((127, 24), (127, 110))
    mixing = read_runs(curves / "weak-strong-mixing" / "all_runs.csv")
    assert len(mixing) == 1316
    assert len(set(mixing.models)) == 4
    scale = read_runs(runs / "scalebench" / "domain_mixture_scaling_law.train.parquet")
    assert sorted(set(scale.sizes)) == [70e6, 160e6, 305e6, 410e6]
    isoflop = read_runs(curves / "isoflop" / "isoflop_points.csv")
    assert isoflop.sources == ("tokens",)
    assert np.isfinite(isoflop.sizes).all()
