"""Pools from files as users have them: preference pairs and crowd votes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from small import preference_rows, vote_files, write_csv, write_jsonl
from toy_models import Told

from suffice.errors import InputError
from suffice.metric import names
from suffice.pools import preference_pool, vote_pool
from suffice.progress import SilentProgress


def preferences(folder, vendor, gold, *, progress=None, group="prompt", slice_by=None, seed=0):
    """The pool of a vendor's file and a gold file."""
    return preference_pool(
        {"vendor": write_jsonl(folder / "vendor.jsonl", vendor)},
        write_jsonl(folder / "gold.jsonl", gold),
        group=group,
        slice_by=slice_by,
        seed=seed,
        progress=progress or SilentProgress(),
    )


def everything(pool, source="vendor"):
    """All training tasks of a source."""
    return pool.draw_tasks(pool.limit(source), np.random.default_rng(0), source=source)


def texts_of(pool, tasks) -> set[str]:
    """Every text that these tasks show."""
    index = np.concatenate([tasks.a, tasks.b[tasks.b >= 0]])
    return {pool.items[i] for i in index}


def test_standard_preferences(tmp_path):
    """Gold pairs judge and audit, the others train; a vendor's mistakes show as labels against
    the gold."""
    rows = preference_rows(120)
    pool = preferences(tmp_path, preference_rows(120, wrong=0.3), rows[:40])
    assert pool.limit("vendor") == 80
    assert len(pool.evaluation.tasks) == 40
    audited = pool.audit_tasks(1000, np.random.default_rng(0), source="vendor")
    labels = pool.channel("vendor").draw(audited.tasks, 1, np.random.default_rng(0))[:, 0]
    wrong = [a != b for a, b in zip(preference_rows(120, wrong=0.3), rows, strict=True)][:40]
    assert np.abs(labels - audited.truth).sum() == sum(wrong) > 4


def test_answers_are_followed_by_their_prompt(tmp_path):
    """An item is the answer, then the prompt, so that cutting long texts cuts the prompt."""
    rows = preference_rows(60)
    pool = preferences(tmp_path, rows, rows[:25])
    assert f"{rows[0]['chosen']}\n\n{rows[0]['prompt']}" in pool.items


def test_no_prompt_or_text_is_on_both_sides(tmp_path):
    """All pairs of a judged prompt are left out of training, and how many is said."""
    rows = preference_rows(100)
    more = [{**r, "rejected": "No idea."} for r in rows]  # a second pair of every prompt
    told = Told()
    pool = preferences(tmp_path, rows + more, rows[:30], progress=told)
    assert pool.limit("vendor") == 2 * 70
    assert not texts_of(pool, everything(pool)) & texts_of(pool, pool.evaluation.tasks)
    assert any("not trained on 30 tasks sharing a group or a text" in n for n in told.notes)


def test_swapped_answers_are_the_same_task(tmp_path):
    """Whoever was preferred, the same two answers to the same prompt are one task."""
    rows = preference_rows(60)
    turned = [{**r, "chosen": r["rejected"], "rejected": r["chosen"]} for r in rows]
    one = preferences(tmp_path, rows, rows[:25])
    other = preferences(tmp_path, turned, rows[:25])
    assert len(one.evaluation.tasks) == len(other.evaluation.tasks) == 25

    def labels(pool):
        audited = pool.audit_tasks(100, np.random.default_rng(0), source="vendor")
        said = pool.channel("vendor").draw(audited.tasks, 1, np.random.default_rng(0))
        return np.abs(said[:, 0] - audited.truth)

    assert (labels(one) == 0).all()
    assert (labels(other) == 1).all()


def test_which_side_is_better_does_not_depend_on_the_place(tmp_path):
    """Answers are put in the order of their characters: the position gives nothing away."""
    rows = preference_rows(200)
    pool = preferences(tmp_path, rows, rows[:60])
    share = np.nanmean(pool.evaluation.tasks.truth)
    first = np.mean([r["chosen"] < r["rejected"] for r in rows[:60]])
    assert share == pytest.approx(first)


def test_implicit_prompts_are_found(tmp_path):
    """Without a prompt column the prompt is what both texts begin with, and that is said."""
    rows = [
        {
            "chosen": f"\n\nHuman: Question {i}?\n\nAssistant: A good reply {i}.",
            "rejected": f"\n\nHuman: Question {i}?\n\nAssistant: Rubbish {i}.",
        }
        for i in range(80)
    ]
    told = Told()
    pool = preferences(tmp_path, rows, rows[:30], progress=told)
    assert pool.limit("vendor") == 50
    assert any("no prompt column" in n for n in told.notes)
    assert any(t.startswith("A good reply 3.\n\n") and "Question 3?" in t for t in pool.items)
    assert not texts_of(pool, everything(pool)) & texts_of(pool, pool.evaluation.tasks)


def test_conversations_are_read(tmp_path):
    """Lists of messages, as chat trainers write them, work the same way."""
    rows = [
        {
            "prompt": [{"role": "user", "content": r["prompt"]}],
            "chosen": [{"role": "assistant", "content": r["chosen"]}],
            "rejected": [{"role": "assistant", "content": r["rejected"]}],
        }
        for r in preference_rows(70)
    ]
    pool = preferences(tmp_path, rows, rows[:25])
    assert pool.limit("vendor") == 45
    plain = preferences(tmp_path, preference_rows(70), preference_rows(70)[:25])
    assert pool.items == plain.items


def test_parquet_and_jsonl_give_the_same_pool(tmp_path):
    """The format of a file changes nothing."""
    import polars as pl

    rows = preference_rows(60)
    pool = preferences(tmp_path, rows, rows[:25])
    pl.DataFrame(rows).write_parquet(tmp_path / "vendor.parquet")
    other = preference_pool(
        {"vendor": tmp_path / "vendor.parquet"},
        tmp_path / "gold.jsonl",
        group="prompt",
        slice_by=None,
        seed=0,
        progress=SilentProgress(),
    )
    assert other.fingerprint == pool.fingerprint


def test_groups_and_slices_by_column(tmp_path):
    """Tasks of one dialogue stay together, and slices are named by their column."""
    rows = [
        {**r, "dialogue": i // 4, "topic": ("law", "art")[i % 2]}
        for i, r in enumerate(preference_rows(160))
    ]
    pool = preferences(tmp_path, rows, rows[:60:2], group="dialogue", slice_by="topic")
    assert pool.slice_names == ("law", "art")
    assert names(pool.evaluation.error_metrics) == ("error", "error:law")
    assert pool.limit("vendor") == 160 - 60
    tasks = everything(pool)
    aside = pool.held_out[tasks.a]
    group = pool._tasks.group[tasks.row]
    assert not set(group[aside]) & set(group[~aside])


def test_equal_texts_in_two_groups_do_not_leak(tmp_path):
    """The same answer to the same prompt in another dialogue is the same text."""
    rows = [{**r, "dialogue": i} for i, r in enumerate(preference_rows(100))]
    copies = [{**r, "dialogue": 1000 + i} for i, r in enumerate(preference_rows(100)[:30])]
    pool = preferences(tmp_path, rows + copies, rows[:30], group="dialogue")
    assert pool.limit("vendor") == 70
    assert not texts_of(pool, everything(pool)) & texts_of(pool, pool.evaluation.tasks)


def test_repeated_preferences_count_once_and_that_is_said(tmp_path):
    """A file pasted together twice does not look like two annotators who always agree."""
    rows = preference_rows(80)
    told = Told()
    pool = preferences(tmp_path, rows + rows, rows[:30], progress=told)
    assert pool.channel("vendor").max_labels_per_task == 1
    assert any("80 rows of an annotator who answered the same pair again" in n for n in told.notes)


def test_annotators_of_one_pair_are_repeats(tmp_path):
    """Two named annotators give two labels of a task."""
    rows = preference_rows(80)
    both = [{**r, "annotator": w} for w in ("ann", "bob") for r in rows]
    pool = preferences(tmp_path, both, rows[:30])
    assert pool.channel("vendor").max_labels_per_task == 2


def test_gold_that_prefers_both_is_refused(tmp_path):
    """Gold may repeat itself, not contradict itself."""
    rows = preference_rows(60)
    turned = {**rows[3], "chosen": rows[3]["rejected"], "rejected": rows[3]["chosen"]}
    assert preferences(tmp_path, rows, [*rows[:25], rows[3]]).limit("vendor") == 35
    with pytest.raises(InputError, match=r"gold.jsonl: gold prefers both answers"):
        preferences(tmp_path, rows, [*rows[:25], turned])


# ---- votes


def votes(folder, *, progress=None, classes=("no", "yes"), slice_by="topic", group_by=None, seed=0):
    """The pool of the files that ``vote_files`` wrote."""
    return vote_pool(
        {name: folder / f"{name}.csv" for name in ("crowd", "experts")},
        folder / "items.csv",
        folder / "gold.csv",
        classes=classes,
        slice_by=slice_by,
        group_by=group_by,
        seed=seed,
        progress=progress or SilentProgress(),
    )


def test_votes_on_texts(tmp_path):
    """Judged texts are never trained on; each source has its labels and repeats."""
    vote_files(tmp_path)
    pool = votes(tmp_path)
    assert pool.slice_names == ("food", "fun")
    assert len(pool.evaluation.tasks) == 80
    assert [pool.channel(s).max_labels_per_task for s in ("crowd", "experts")] == [3, 1]
    for source in ("crowd", "experts"):
        tasks = everything(pool, source)
        assert len(tasks) == 160
        assert (tasks.b == -1).all()
        assert not texts_of(pool, tasks) & texts_of(pool, pool.evaluation.tasks)


def test_the_second_class_is_the_positive_one(tmp_path):
    """Turning the classes round turns every truth and label round."""
    vote_files(tmp_path)
    one, other = votes(tmp_path), votes(tmp_path, classes=("yes", "no"))
    assert (one.evaluation.tasks.truth == 1 - other.evaluation.tasks.truth).all()
    assert (one.channel("crowd").values == 1 - other.channel("crowd").values).all()
    assert (votes(tmp_path, classes=None).channel("crowd").values
            == one.channel("crowd").values).all()  # fmt: skip


def test_the_same_text_under_two_names_stays_on_one_side(tmp_path):
    """A copy of a judged text is not trained on, and that is said."""
    vote_files(tmp_path)
    lines = (tmp_path / "items.csv").read_text().splitlines()
    first = lines[1].split(",", 1)[1]
    lines[200] = lines[200].split(",", 1)[0] + "," + first
    (tmp_path / "items.csv").write_text("\n".join(lines) + "\n")
    told = Told()
    pool = votes(tmp_path, progress=told)
    assert pool.limit("crowd") == 159
    assert any("crowd: not trained on 1 task sharing" in n for n in told.notes)


def test_votes_of_one_group_stay_on_one_side(tmp_path):
    """Texts of one prompt judge or train together, and so do equal texts of two prompts."""
    vote_files(tmp_path)
    head, *lines = (tmp_path / "items.csv").read_text().splitlines()
    # Gold is on the first 80; the groups of three leave two more texts beside the last of them.
    rows = [f"{line},p{k // 3}" for k, line in enumerate(lines)]
    rows[239] = f"t239,{lines[0].split(',', 1)[1]},p79"
    (tmp_path / "items.csv").write_text("\n".join([f"{head},prompt", *rows]) + "\n")
    told = Told()
    pool = votes(tmp_path, group_by="prompt", progress=told)
    assert any("crowd: not trained on 4 tasks sharing" in n for n in told.notes)
    trained = texts_of(pool, everything(pool, "crowd"))
    for k in (80, 237, 238, 239):
        assert lines[k].split(",")[1].strip('"') not in trained
    assert pool.limit("crowd") == 156
    with pytest.raises(InputError, match="no column 'promt'"):
        votes(tmp_path, group_by="promt")


def test_votes_on_pairs_keep_judged_texts_out(tmp_path):
    """A comparison that shares either text with gold is left out of training."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(200):
        a, b = (int(x) for x in rng.choice(400, 2, replace=False))
        rows.append([f"t{i}", f"Essay number {a}", f"Essay number {b}"])
    write_csv(tmp_path / "items.csv", ["task", "text_a", "text_b"], rows)
    write_csv(tmp_path / "gold.csv", ["task", "label"], [[f"t{i}", "a"] for i in range(30)])
    for name in ("crowd", "experts"):
        write_csv(
            tmp_path / f"{name}.csv",
            ["task", "worker", "label"],
            [[f"t{i}", "w", "ab"[i % 2]] for i in range(200)],
        )
    pool = votes(tmp_path, classes=("b", "a"), slice_by=None)
    judged = {t for row in rows[:30] for t in row[1:]}
    apart = [row for row in rows[30:] if not judged & set(row[1:])]
    assert pool.limit("crowd") == len(apart) < 170
    assert not texts_of(pool, everything(pool, "crowd")) & judged
    assert (pool.evaluation.kind.name, pool.evaluation.kind.names) == ("preferences", ("b", "a"))


def test_repeated_votes_count_once_and_that_is_said(tmp_path):
    """Duplicate rows are counted once; a worker's later label wins; both are said."""
    vote_files(tmp_path)
    path = tmp_path / "crowd.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, *lines[1:11]]) + "\n")
    told = Told()
    pool = votes(tmp_path, progress=told)
    assert len(pool.channel("crowd").values) == 720
    assert any("crowd.csv: 10 rows repeated an earlier row" in n for n in told.notes)


def test_gold_without_a_text_is_said(tmp_path):
    """Gold of tasks that are not in the items file is passed over, and counted."""
    vote_files(tmp_path)
    with (tmp_path / "gold.csv").open("a") as file:
        file.write("t9999,yes\n")
    told = Told()
    assert len(votes(tmp_path, progress=told).evaluation.tasks) == 80
    assert any("1 gold task without a text in items.csv" in n for n in told.notes)


def test_numbers_as_task_names_match_across_files(tmp_path):
    """Task 7 is task 7, in whatever type each file holds it."""
    vote_files(tmp_path)
    for name in ("items", "gold", "crowd"):
        path = tmp_path / f"{name}.csv"
        lines = path.read_text().splitlines()
        path.write_text("\n".join([lines[0], *(x.removeprefix("t") for x in lines[1:])]) + "\n")
    rows = []
    for line in (tmp_path / "experts.csv").read_text().splitlines()[1:]:
        task, worker, label = line.split(",")
        rows.append({"task": task.removeprefix("t"), "worker": worker, "label": label})
    (tmp_path / "experts.csv").unlink()
    write_jsonl(tmp_path / "experts.jsonl", rows)
    pool = vote_pool(
        {"crowd": tmp_path / "crowd.csv", "experts": tmp_path / "experts.jsonl"},
        tmp_path / "items.csv",
        tmp_path / "gold.csv",
        classes=["no", "yes"],
        slice_by=None,
        seed=0,
        progress=SilentProgress(),
    )
    assert pool.limit("crowd") == pool.limit("experts") == 160
    assert json.dumps(pool.slice_names) == '["all"]'


def test_a_pair_of_equal_texts_moves_no_slice_or_group(tmp_path):
    """A pair that says nothing is left out and counted; its neighbours keep their own slices."""
    rows = [{**r, "topic": f"t{i % 2}"} for i, r in enumerate(preference_rows(120))]
    whole = preferences(tmp_path, rows, rows[:40], slice_by="topic")
    equal = {**rows[0], "chosen": "same", "rejected": "same", "topic": "t1"}
    told = Told()
    pool = preferences(tmp_path, [equal, *rows], rows[:40], slice_by="topic", progress=told)
    assert pool.fingerprint == whole.fingerprint
    assert "vendor.jsonl: 1 pair of equal texts passed over: nothing to learn" in told.notes
