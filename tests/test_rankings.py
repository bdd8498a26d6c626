"""Rankings and the best of a shown set: parsing, Plackett-Luce, workers, pairs, the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from suffice.cli import main
from suffice.errors import InputError
from suffice.labels import LabelTable
from suffice.labels.kinds import kind_of, parse_ranking
from suffice.records import RankingRecord
from suffice.supply import RankingAudit, audit
from suffice.supply.rankings._answers import code_rankings
from suffice.supply.rankings._plackett_luce import PlackettLuce

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ITEMS = "abcdef"


def ranked(
    seed: int,
    *,
    tasks: int = 60,
    workers: int = 5,
    each: int = 3,
    shown: int = 4,
    own: float = 0.5,
    skill: dict[int, float] | None = None,
    best: bool = False,
    ties: float = 0.0,
) -> tuple[LabelTable, NDArray[np.float64]]:
    """Rankings drawn from Plackett and Luce's model, and the items' scores."""
    rng = np.random.default_rng(seed)
    score = rng.normal(0.0, 1.0, len(ITEMS))
    rows = []
    for task in range(tasks):
        worth = score + own * rng.normal(size=len(ITEMS))
        items = rng.choice(len(ITEMS), shown, replace=False)
        for worker in rng.choice(workers, each, replace=False):
            heard = (skill or {}).get(int(worker), 1.0) * worth[items] + rng.gumbel(size=shown)
            order = [ITEMS[i] for i in items[np.argsort(-heard)]]
            text = " > ".join(order)
            if best:
                text = f"{order[0]} > {' / '.join(sorted(order[1:]))}"
            elif rng.random() < ties:
                text = " = ".join(order[:2]) + "".join(f" > {i}" for i in order[2:])
            rows.append((f"t{task:03d}", f"w{worker}", text))
    frame = pl.DataFrame(rows, schema=["task", "worker", "label"], orient="row")
    return LabelTable.from_frame(frame), score


def rank(table: LabelTable, seed: int = 0) -> RankingAudit:
    """The audit of a table that must be seen as rankings."""
    found = audit(table, seed=seed)
    assert isinstance(found, RankingAudit)
    return found


def test_rankings_are_read() -> None:
    """Orders, even items, and the best of a set are told apart; other words are no rankings."""
    assert parse_ranking("a > b = c") is not None
    for text in ("a > b = c", "a = b", "a > b / c", "a > b > c"):
        assert str(parse_ranking(text)) == text
    for text in ("a", "a > a", "a >", "a/b", "better"):
        assert parse_ranking(text) is None
    assert kind_of(ranked(0)[0])[0] == "ranking"


def test_scores_are_those_of_choix() -> None:
    """Without workers, tasks and ties the posterior mode is what choix finds with its penalty."""
    choix = pytest.importorskip("choix")
    table, _ = ranked(1, tasks=150, workers=1, each=1, own=0.0)
    number = {item: k for k, item in enumerate(ITEMS)}
    data = [tuple(number[i] for i in text.split(" > ")) for text in table.frame["label"]]
    # A penalty of .5 |s|^2 is a normal prior of variance one.
    mode = choix.opt_rankings(len(ITEMS), data, alpha=0.5)
    found = rank(table).items.sort("item")["score"].to_numpy()
    np.testing.assert_allclose(found - found.mean(), mode - mode.mean(), atol=0.25)
    assert np.corrcoef(found, mode)[0, 1] > 0.99


def test_the_likelihood_is_choixs() -> None:
    """Log chances of all choices add up to choix's log likelihood of the same rankings."""
    choix = pytest.importorskip("choix")
    table, score = ranked(2, tasks=40, workers=1, each=1, own=0.0)
    answers = code_rankings(table)
    chain = PlackettLuce(answers.choices, np.random.default_rng(0))
    log = chain._log(worth=score[answers.choices.item_C], reliability=np.ones(1))
    number = {item: k for k, item in enumerate(ITEMS)}
    data = [tuple(number[i] for i in text.split(" > ")) for text in table.frame["label"]]
    assert log.sum() == pytest.approx(choix.log_likelihood_rankings(data, score), abs=1e-9)


@pytest.mark.parametrize("best", [False, True], ids=["rankings", "best of four"])
def test_scores_are_covered(best: bool) -> None:
    """90 % intervals hold the scores of nine in ten items, whole orders or the best alone."""
    inside = []
    for seed in range(6):
        table, score = ranked(seed, tasks=40, each=2, best=best)
        items = rank(table, seed).items.sort("item")
        low, high, wanted = items["low"].to_numpy(), items["high"].to_numpy(), score - score.mean()
        inside += ((low <= wanted) & (wanted <= high)).tolist()
    assert 0.8 <= np.mean(inside) <= 1.0


def test_one_answer_is_one_event() -> None:
    """The best of four says less than the whole order, and both less than their pairs pretend."""
    width = {}
    for best in (False, True):
        items = rank(ranked(3, best=best)[0]).items
        width[best] = float((items["high"] - items["low"]).mean())
    assert width[True] > 1.15 * width[False]
    table, _ = ranked(3)
    pairs = rank(table).pairs
    assert len(pairs) == 6 * len(table)
    assert pairs["weight"].sum() == pytest.approx(3 * len(table))
    chosen = rank(ranked(3, best=True)[0]).pairs
    assert len(chosen) == 3 * len(table)
    assert chosen["weight"].sum() == pytest.approx(len(table))


def test_ties_are_modelled_and_lose_nothing_else() -> None:
    """Even items stand at the top in a third of the answers: scores come out all the same."""
    table, score = ranked(4, tasks=120, ties=0.3)
    found = rank(table)
    assert found.summary.model.tied == 2
    items = found.items.sort("item")["score"].to_numpy()
    assert np.corrcoef(items, score)[0, 1] > 0.9


def test_guessers_and_inverters_are_found_and_nobody_else() -> None:
    """Reliability says who guesses and who turns the order round."""
    table, _ = ranked(6, tasks=160, workers=6, skill={1: 0.0, 4: -1.0})
    found = rank(table)
    assert sorted(found.suspects["worker"].to_list()) == ["w1", "w4"]
    assert found.summary.suspects.by_kind == {"inverted": 1, "spammer": 1}
    honest = [rank(ranked(seed)[0]).summary.suspects.count for seed in (7, 8)]
    assert honest == [0, 0]


def test_names_of_items_and_order_of_rows_change_no_answer() -> None:
    """Reordered rows give the same digits; renamed items the same agreement."""
    table, _ = ranked(8)
    plain = rank(table)
    again = rank(LabelTable.from_frame(table.frame.sample(fraction=1.0, shuffle=True, seed=2)))
    assert plain.items.equals(again.items)
    assert plain.tasks.equals(again.tasks)
    swap = str.maketrans("abcdef", "fedcba")
    other = rank(
        LabelTable.from_frame(
            table.frame.with_columns(
                pl.Series("label", [t.translate(swap) for t in table.frame["label"]])
            )
        )
    )
    assert other.summary.agreement == plain.summary.agreement


def test_what_cannot_be_known_is_said() -> None:
    """Random orders agree by chance; one answer a task cannot be compared."""
    noise, _ = ranked(9, skill=dict.fromkeys(range(5), 0.0))
    assert "hardly agree" in rank(noise).summary.verdict.statement
    alone = rank(ranked(9, each=1)[0])
    assert alone.summary.agreement.kendall_tau is None
    assert "no two workers ranked" in alone.summary.verdict.statement


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``suffice audit`` sees rankings, prints the items and leaves pairs with weights."""
    path = tmp_path / "orders.csv"
    ranked(10)[0].frame.write_csv(path)
    with pytest.raises(SystemExit) as ended:
        main(["audit", str(path), "--quiet", "--out", str(tmp_path / "out")])
    assert not ended.value.code
    text = capsys.readouterr().out
    assert "rankings of 4 items" in text
    assert "Kendall's tau" in text
    assert RankingRecord.read(tmp_path / "out").items == 6
    pairs = pl.read_csv(tmp_path / "out" / "pairs.csv")
    assert pairs.columns == ["task", "worker", "left", "right", "weight"]


def test_what_is_no_ranking_is_refused() -> None:
    """Words among rankings, and gold, get one line with what to do."""
    frame = pl.DataFrame({"task": [1, 2], "worker": ["a", "a"], "label": ["x > y", "good"]})
    with pytest.raises(InputError, match="'good' of data row 2 is no ranking"):
        audit(LabelTable.from_frame(frame), kind="ranking")
    with pytest.raises(InputError, match="gold of rankings"):
        audit(ranked(0)[0], gold={"t000": "a"})
