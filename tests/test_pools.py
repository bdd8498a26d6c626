"""Task pools: gold corrected for its own noise, and splits that nothing crosses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import votes_pool

from suffice.channel import Tasks
from suffice.errors import InputError
from suffice.labels.kinds import COMPARISON, classes_kind
from suffice.metric import names
from suffice.pools import Predictions
from suffice.pools._pool import (
    Evaluation,
    check_where,
    corrected_gold,
    fingerprint,
    split_documents,
)
from suffice.pools._rating_pool import GOLD_RATERS, RatingPool, rating_pool
from suffice.pools._ratings import Ratings
from suffice.pools._recorded import compare
from suffice.pools._task_pool import SourceLabels, TaskList, task_pool


def errors_of_a_judge(
    seed: int, judge_noise: float, raters: int = 9, n: int = 60_000
) -> tuple[float, float, float]:
    """A judge's error against the truth, against the plain gold, and against corrected gold."""
    rng = np.random.default_rng(seed)
    first, second = rng.standard_normal((2, n))
    gold = [x[:, None] + 0.65 * rng.standard_normal((n, raters)) for x in (first, second)]
    said = compare(
        first + judge_noise * rng.standard_normal(n), second + judge_noise * rng.standard_normal(n)
    )
    truth = compare(first, second)
    plain = compare(gold[0].mean(axis=1), gold[1].mean(axis=1))
    corrected = corrected_gold(*gold, rng)

    def error(t: np.ndarray) -> float:
        return float(np.mean(t * (1 - said) + (1 - t) * said))

    return error(truth), error(plain), error(corrected)


@pytest.mark.parametrize("judge_noise", [0.3, 0.7, 1.5])
def test_corrected_gold_gives_the_error_against_the_truth(judge_noise):
    """With known true scores and noisy raters, correcting removes most of what the noise of gold
    adds to a judge's error."""
    truth, plain, corrected = np.mean(
        [errors_of_a_judge(seed, judge_noise) for seed in range(3)], axis=0
    )
    assert plain - truth > 0.004
    assert abs(corrected - truth) < 0.35 * (plain - truth)


def test_correction_leaves_noiseless_gold_alone():
    """Where raters agree there is nothing to correct."""
    first, second = np.random.default_rng(0).standard_normal((2, 500, 1))
    gold = corrected_gold(
        np.repeat(first, 9, axis=1), np.repeat(second, 9, axis=1), np.random.default_rng(1)
    )
    np.testing.assert_allclose(gold, compare(first[:, 0], second[:, 0]), atol=1e-12)


def test_correction_is_symmetric_in_the_two_items():
    """Swapping the items turns the gold round, on average exactly and task by task nearly."""
    rng = np.random.default_rng(2)
    first, second = rng.standard_normal((2, 2000, 9))
    one = corrected_gold(first, second, np.random.default_rng(3))
    other = corrected_gold(second, first, np.random.default_rng(3))
    np.testing.assert_allclose(one, 1.0 - other, atol=1e-12)


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=200), st.floats(0.05, 0.95), st.integers(0, 9)
)
def test_documents_are_never_cut(numbers, share, seed):
    """A split marks whole documents, and not more than the wanted share of items."""
    documents = np.array(numbers)
    marked = split_documents(documents, share, np.random.default_rng(seed))
    for d in np.unique(documents):
        assert len(np.unique(marked[documents == d])) == 1
    assert marked.sum() <= share * len(documents)


# ---- rated texts


def some_ratings(seed: int = 0, n: int = 600, raters: int = 15) -> Ratings:
    """Made-up rated texts in four domains; documents of five texts in two of them."""
    rng = np.random.default_rng(seed)
    domain = np.repeat(np.arange(4), n // 4)
    number = np.arange(n)
    document = np.where(domain < 2, number // 5, number)
    quality = rng.normal(0, 1.5, n)
    values = np.clip(np.round(quality[:, None] + rng.normal(0, 1, (n, raters))), -4, 4)
    return Ratings(
        texts=tuple(f"text {i}" for i in range(n)),
        domain=domain,
        domain_names=("tweets", "amazon", "nyt", "movies"),
        document=document,
        values=values.astype(np.int8).ravel(),
        offsets=np.arange(0, n * raters + 1, raters),
        lexicon=np.tanh(quality + rng.normal(0, 1.5, n)),
        dropped={},
    )


RATERS = {"judge": 0, "crowd": 1, "panel": 3}


def made_pool(seed: int = 0) -> RatingPool:
    """A pool of the made-up ratings."""
    ratings = some_ratings()
    return rating_pool(ratings, np.arange(len(ratings)), RATERS, pairs=800, seed=seed)


@pytest.fixture(scope="module")
def pool() -> RatingPool:
    """One pool of the made-up ratings."""
    return made_pool()


def test_no_document_is_on_both_sides(pool):
    """Documents of evaluated texts are never trained on, and held-out ones are apart again."""
    rng = np.random.default_rng(0)
    drawn = pool.draw_tasks(4000, rng, source="crowd")
    judged = pool.evaluation.tasks
    trained = set(pool._document[np.concatenate([drawn.a, drawn.b])])
    tested = set(pool._document[np.concatenate([judged.a, judged.b])])
    assert trained
    assert tested
    assert not trained & tested


def test_tasks_never_mix_held_out_and_other_texts(pool):
    """Both texts of a task are on the same side of the hyperparameter split, and both sides get
    their share."""
    drawn = pool.draw_tasks(4000, np.random.default_rng(1), source="crowd")
    assert (pool.held_out[drawn.a] == pool.held_out[drawn.b]).all()
    assert pool.held_out[drawn.a].mean() == pytest.approx(0.2, abs=0.03)
    sides = [set(pool._document[drawn.a[pool.held_out[drawn.a] == side]]) for side in (True, False)]
    assert not sides[0] & sides[1]


def test_tasks_are_even_over_domains_and_compare_within_one(pool):
    """Each domain gets the same number of tasks; a task compares two texts of one domain."""
    drawn = pool.draw_tasks(1002, np.random.default_rng(2), source="crowd")
    assert (pool._domain[drawn.a] == pool._domain[drawn.b]).all()
    assert (drawn.a != drawn.b).all()
    counts = np.bincount(drawn.slices, minlength=4)
    assert counts.sum() == 1002
    assert counts.max() - counts.min() <= 1


def test_where_limits_the_domains(pool):
    """Tasks can be bought in some slices only; an unknown slice is named."""
    drawn = pool.draw_tasks(50, np.random.default_rng(3), source="crowd", where=("nyt",))
    assert set(drawn.slices) == {2}
    with pytest.raises(InputError, match=r"unknown slice 'blogs' \(known slices: tweets, amazon"):
        pool.draw_tasks(50, np.random.default_rng(3), source="crowd", where=("blogs",))
    assert check_where((), ("a", "b")) == [0, 1]


def test_gold_raters_are_in_no_source(pool):
    """What sources sell comes from other raters than gold: together each rating is used once."""
    ratings = some_ratings()
    sold = pool.channel("crowd").ratings
    for i in (0, 17, 599):
        together = np.sort(np.concatenate([pool._gold[i], sold[i]]))
        assert (together == np.sort(ratings.of(i))).all()
    assert pool._gold.shape[1] == GOLD_RATERS


def test_more_raters_than_there_are_is_refused():
    """A source that needs more raters than a text has beside gold says how many there are."""
    ratings = some_ratings()
    with pytest.raises(InputError, match=r"'panel' wants 7 raters.*6 beside the 9"):
        rating_pool(ratings, np.arange(len(ratings)), {"panel": 7}, pairs=100, seed=0)


def test_harder_pairs_are_judged_worse(pool):
    """Difficulty means something: labels err more on close calls than on clear ones."""
    rng = np.random.default_rng(4)
    audited = pool.audit_tasks(4000, rng, source="crowd")
    label = pool.channel("crowd").draw(audited.tasks, 1, rng)[:, 0]
    wrong = audited.truth * (1 - label) + (1 - audited.truth) * label
    easy, hard = audited.tasks.difficulty < 1 / 3, audited.tasks.difficulty > 2 / 3
    assert wrong[hard].mean() > wrong[easy].mean() + 0.1
    members = pool.evaluation.members[pool.evaluation.slice_names.index("hard")]
    assert members.mean() == pytest.approx(1 / 3, abs=0.05)


def test_same_seed_same_pool(pool):
    """The fingerprint names the split: the same for the same seed, another for another."""
    assert made_pool().fingerprint == pool.fingerprint
    assert made_pool(seed=1).fingerprint != pool.fingerprint
    assert fingerprint("a", "b") != fingerprint("ab")
    assert fingerprint(np.zeros(4)) != fingerprint(np.zeros((2, 2)))


def test_replicas_of_gold_are_centred_and_spread(pool):
    """Redrawing raters and documents leaves an answer's error where it is, with a real spread."""
    judged = pool.evaluation.tasks
    scores = np.random.default_rng(5).standard_normal(len(pool.items))
    predictions = Predictions(
        (scores[judged.a] - scores[judged.b])[None], scores[None, pool.evaluation.candidates.items]
    )
    error = pool.evaluation.score(predictions)[0]
    redrawn = pool.evaluation.gold_draws(predictions)
    assert redrawn.shape == (60, len(pool.evaluation.metrics))
    spread = redrawn.std(axis=0)
    assert (spread > 0.001).all()
    assert (np.abs(redrawn.mean(axis=0) - error) < 4 * spread / np.sqrt(60) + 0.005).all()


# ---- evaluation


def judged(truth: list[float], members: list[list[bool]]) -> Evaluation:
    """An evaluation of single items."""
    n = len(truth)
    tasks = Tasks(
        np.arange(n), np.full(n, -1), np.zeros(n, np.int64), np.array(truth), np.full(n, np.nan),
        np.arange(n),
    )  # fmt: skip
    return Evaluation(tasks, np.array(members), tuple("ab"[: len(members)]))


def test_scores_by_hand():
    """Errors are means over tasks, ties count half, slices may overlap, gold may be soft."""
    evaluation = judged(
        [1.0, 0.0, 0.75, 1.0], [[True, True, False, False], [False, True, True, True]]
    )
    predictions = Predictions(np.array([[2.0, 0.0, 2.0, -2.0]]))
    assert names(evaluation.error_metrics) == ("error", "error:a", "error:b")
    np.testing.assert_allclose(
        evaluation.score(predictions)[0, :3], [(0 + 0.5 + 0.25 + 1) / 4, 0.25, (0.5 + 0.25 + 1) / 3]
    )
    assert evaluation.gold_draws(predictions) is None


# ---- finite task lists


def test_gold_tasks_and_their_groups_are_never_trained_on():
    """A group that holds one judged task trains nothing at all."""
    n = 200
    group = np.arange(n) // 2
    gold = np.full(n, np.nan)
    gold[:60:2] = np.arange(30) % 2  # one task of each of the first 30 groups
    listed = task_list(n, group, gold)
    pool = task_pool(listed, {"s": all_votes(n)}, seed=0, where="gold.csv")
    drawn = pool.draw_tasks(pool.limit("s"), np.random.default_rng(0), source="s")
    assert set(drawn.row) == set(range(60, 200))
    audited = pool.audit_tasks(1000, np.random.default_rng(0), source="s")
    assert set(audited.tasks.row) == set(range(0, 60, 2))
    assert not np.isnan(audited.truth).any()
    assert set(pool.evaluation.tasks.row) == set(range(0, 60, 2))


def test_texts_of_gold_comparisons_are_never_trained_on():
    """Comparisons share texts: one that holds a judged text on either side is left out."""
    n = 120
    gold = np.full(n, np.nan)
    gold[:30] = np.arange(30) % 2
    listed = task_list(n, np.arange(n), gold, paired=True)
    b = listed.b.copy()
    b[50] = listed.a[3]
    b[51] = listed.b[4]
    a = listed.a.copy()
    a[52] = listed.b[5]
    crossed = TaskList(
        listed.items,
        a,
        b,
        listed.slices,
        listed.slice_names,
        listed.group,
        listed.gold,
        listed.kind,
    )
    pool = task_pool(crossed, {"s": all_votes(n)}, seed=0, where="gold.csv")
    drawn = pool.draw_tasks(pool.limit("s"), np.random.default_rng(0), source="s")
    assert set(drawn.row) == set(range(30, n)) - {50, 51, 52}


def test_equal_texts_under_two_numbers_are_one_text():
    """A text that stands twice in the list is kept out of training if either one is judged."""
    n = 120
    gold = np.full(n, np.nan)
    gold[:30] = np.arange(30) % 2
    listed = task_list(n, np.arange(n), gold)
    items = list(listed.items)
    items[77] = items[2]
    doubled = TaskList(
        tuple(items),
        listed.a,
        listed.b,
        listed.slices,
        listed.slice_names,
        listed.group,
        gold,
        listed.kind,
    )
    pool = task_pool(doubled, {"s": all_votes(n)}, seed=0, where="gold.csv")
    drawn = pool.draw_tasks(pool.limit("s"), np.random.default_rng(0), source="s")
    assert 77 not in drawn.row


def test_held_out_groups_are_whole_and_about_a_fifth():
    """Hyperparameters are chosen on whole groups."""
    n = 400
    gold = np.full(n, np.nan)
    gold[:40] = np.arange(40) % 2
    listed = task_list(n, np.arange(n) // 4, gold)
    pool = task_pool(listed, {"s": all_votes(n)}, seed=0, where="gold.csv")
    aside = pool.held_out[40:].reshape(-1, 4)
    assert (aside.all(axis=1) == aside.any(axis=1)).all()
    assert aside.mean() == pytest.approx(0.2, abs=0.05)
    assert not pool.held_out[:40].any()


def test_tasks_of_a_list_are_drawn_once_and_the_end_is_said():
    """Tasks are drawn without replacement; asking for more than there are says how many."""
    pool, _ = votes_pool()
    most = pool.limit("crowd")
    drawn = pool.draw_tasks(most, np.random.default_rng(0), source="crowd")
    assert len(set(drawn.row)) == most == 300
    with pytest.raises(InputError, match=r"301 tasks of source 'crowd'.*has 300 to train on"):
        pool.draw_tasks(301, np.random.default_rng(0), source="crowd")
    even = pool.draw_tasks(100, np.random.default_rng(0), source="crowd", where=("even",))
    assert set(even.slices) == {0}


def test_a_list_with_little_gold_or_little_to_train_on_is_refused():
    """Nineteen judged tasks are too few; so are nineteen tasks outside the gold."""
    n = 100
    gold = np.full(n, np.nan)
    gold[:19] = np.arange(19) % 2
    with pytest.raises(InputError, match=r"gold.csv: 19 tasks with gold.*at least 20"):
        task_pool(task_list(n, np.arange(n), gold), {"s": all_votes(n)}, seed=0, where="gold.csv")
    gold[:81] = np.arange(81) % 2
    with pytest.raises(InputError, match="'s' leaves 19 tasks to train on"):
        task_pool(task_list(n, np.arange(n), gold), {"s": all_votes(n)}, seed=0, where="gold.csv")


def test_gold_of_one_class_is_refused_for_texts_only():
    """Texts of one class teach nothing; comparisons may all be written better text first."""
    n = 100
    gold = np.full(n, np.nan)
    gold[:30] = 1.0
    votes = {"s": all_votes(n)}
    with pytest.raises(InputError, match=r"gold.csv: gold has one class only"):
        task_pool(task_list(n, np.arange(n), gold), votes, seed=0, where="gold.csv")
    paired = task_list(n, np.arange(n), gold, paired=True)
    assert task_pool(paired, votes, seed=0, where="gold.csv").limit("s") == 70


def test_fingerprint_of_a_list_changes_with_every_label():
    """One changed vote makes another pool, so its runs are not taken for the old ones."""
    n = 100
    gold = np.full(n, np.nan)
    gold[:30] = np.arange(30) % 2
    listed = task_list(n, np.arange(n), gold)
    votes = all_votes(n)
    other = SourceLabels(votes.task, np.where(np.arange(n) == 50, 1 - votes.value, votes.value))
    marks = {
        task_pool(listed, {"s": v}, seed=0, where="gold").fingerprint for v in (votes, other, votes)
    }
    assert len(marks) == 2


def task_list(n: int, group: np.ndarray, gold: np.ndarray, *, paired: bool = False) -> TaskList:
    """n tasks, each with texts of its own."""
    return TaskList(
        items=tuple(f"text {i}" for i in range(2 * n if paired else n)),
        a=np.arange(n),
        b=np.arange(n, 2 * n) if paired else np.full(n, -1),
        slices=np.zeros(n, np.int64),
        slice_names=("all",),
        group=np.asarray(group),
        gold=gold,
        kind=COMPARISON if paired else classes_kind(2),
    )


def all_votes(n: int) -> SourceLabels:
    """One vote a task."""
    return SourceLabels(np.arange(n), (np.arange(n) % 2).astype(float))
