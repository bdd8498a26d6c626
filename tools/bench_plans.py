"""Does the recommended curve beat what a sensible person would have bought? By real training.

Run by ``make bench-plans``. Prices, capacities, budgets and criteria of the example study are drawn
at random. In each setting the law sees the example's grid and, as in ``suffice run``, cells in
which it sees promise for that setting. The plan is then made, and its curve is trained beside those
of five fixed rules. The best rule is chosen on one half of the seeds and compared on the other, and
the other way round, so that its luck does not count. Every run is kept in the store: stopped and
called again, the benchmark goes on.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice import stages
from suffice._disk import write_file
from suffice.cli._common import workspace
from suffice.curve import Curve
from suffice.demand import FittedLaw, measure
from suffice.evidence import Cell, Evidence
from suffice.forecast import Criterion, Forecast, make_forecasts
from suffice.plan import Market, make_plan, promising
from suffice.plan._candidates import alone, equal_split, one_in_ten

if TYPE_CHECKING:
    from suffice.stages._workspace import Workspace

FIRST_SEED = 5_000_000
"""Far from the seeds of the grid and of any check."""

RULES = ("all panel", "all crowd", "all judge", "equal split", "one in ten")
_JUDGE = "lexicon_judge"
_OFFSETS = {"error": {}, "hard": {"hard": 0.143}, "worst": {}}
_WORST = 0.064


@dataclass(frozen=True)
class Setting:
    """One question: what is sold, for how much, and what must be met."""

    number: int
    prices: dict[str, float]
    capacity: dict[str, float]
    money: float
    error: float
    kind: str
    seed: int

    def market(self, base: Market) -> Market:
        """What can be bought."""
        sources = {
            s: replace(x, price=self.prices[s], capacity=self.capacity[s])
            for s, x in base.sources.items()
        }
        return replace(base, sources=sources, money=self.money)

    def criterion(self, slices: tuple[str, ...], error: float | None = None) -> Criterion:
        """What must be met."""
        e = self.error if error is None else error
        return Criterion(
            error=e,
            worst_slice_error=e + _WORST if self.kind == "worst" else None,
            slices=slices,
            slice_error={s: e + by for s, by in _OFFSETS[self.kind].items()},
        )


def rounded(curve: Curve) -> Curve:
    """Tasks down to two significant digits, so that settings share runs."""
    return Curve(tuple(replace(t, tasks=_two_digits(t.tasks)) for t in curve))


def _two_digits(n: int) -> int:
    step = 10 ** max(len(str(n)) - 2, 0)
    return n // step * step


def rules(market: Market) -> dict[str, Curve]:
    """What a sensible person might buy for the whole budget."""
    found: dict[str, Curve | None] = {}
    for s in market.order:
        curves = alone(market, s, market.money)
        # One label a task where that is sold: the rule of thumb.
        found[f"all {s.removeprefix('lexicon_')}"] = curves[0] if curves else None
    found["equal split"] = equal_split(market, market.money)
    found["one in ten"] = one_in_ten(market, market.money)
    return {name: rounded(c) for name, c in found.items() if c is not None}


def draw_setting(
    number: int, seed: int, law: FittedLaw, base: Market, slices: tuple[str, ...]
) -> Setting:
    """A random setting whose best rule is expected to pass between .15 and .95 of the time.

    Only forecasts make the setting; nothing of it has been measured.
    """
    rng = np.random.default_rng([seed, number])

    def price(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    capacity = {s: float(x.capacity or 1000.0) * price(0.5, 3.0) for s, x in base.sources.items()}
    setting = Setting(
        number,
        {_JUDGE: price(0.005, 0.05), "crowd": price(0.05, 0.3), "panel": price(0.15, 1.5)},
        capacity,
        price(100.0, 800.0),
        0.0,
        str(rng.choice(list(_OFFSETS))),
        seed * 1000 + number,
    )
    wanted = float(rng.uniform(0.15, 0.95))
    market = setting.market(base)
    curves = list(rules(market).values())
    low, high = 0.2, 0.45
    for _ in range(12):
        middle = 0.5 * (low + high)
        made = make_forecasts(
            law,
            market.resolve(curves),
            setting.criterion(slices, middle),
            np.random.default_rng([seed, number, 1]),
            draws=200,
            runs=200,
        )
        if max(f.p.value for f in made) < wanted:
            low = middle
        else:
            high = middle
    return replace(setting, error=round(0.5 * (low + high), 4))


def held_to_account(setting: Setting, work: Workspace, grid: Evidence, law: FittedLaw) -> FittedLaw:
    """The law once it has seen the cells that it finds promising in this setting."""
    target, slices = work.study.models.target, work.pool.slice_names
    market = setting.market(work.market)
    curves = promising(
        law, market, setting.criterion(slices), work.study.grid.focus, seed=setting.seed
    )
    known = set(grid.of(target)[0])
    new = [c for c in dict.fromkeys(rounded(c) for c in curves) if c not in known]
    seeds = grid.cells[0].seeds
    cells = [Cell(target, c.resolve(work.sources), seeds) for c in new]
    name = f"focus {setting.number}"
    runs = measure(cells, work.pool, work.models, work.scheme, work.store, work.progress, name=name)
    more = grid.with_more(cells, runs)
    return stages.fit_models(work, more, [target], name)[target]


def planned(
    setting: Setting, law: FittedLaw, base: Market, slices: tuple[str, ...]
) -> tuple[Curve, Forecast]:
    """The recommended curve, rounded as the rules are, with the P that is promised for it."""
    market = setting.market(base)
    criterion = setting.criterion(slices)
    made = make_plan(law, market, criterion, seed=setting.seed)
    if made.recommended.curve is None:
        raise ValueError("a plan without a curve")
    curve = rounded(made.recommended.curve)
    promise = make_forecasts(
        law,
        market.resolve([curve]),
        criterion,
        np.random.default_rng([setting.seed, 2]),
        draws=600,
        half=1,
    )[0]
    return curve, promise


def interval(draws: np.ndarray) -> tuple[float, float]:
    """Central 95 %."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def judge(rows: list[dict[str, Any]], rng: np.random.Generator) -> dict[str, Any]:
    """The figures of the table, with bootstrap over settings."""
    from scipy.stats import fisher_exact

    count = len(rows)
    again = rng.integers(count, size=(4000, count))
    share = np.array([np.mean(r["plan"]) for r in rows])
    best = np.array([max(np.mean(v) for v in r["rules"].values()) for r in rows])
    out: dict[str, Any] = {
        "settings": count,
        "best rule passes between .2 and .9": int(((best >= 0.2) & (best <= 0.9)).sum()),
        "mean pass share": {"recommended": float(share.mean())},
        "gain over rule": {},
    }
    for name in RULES:
        # A rule that can buy nothing passes never.
        theirs = np.array([np.mean(r["rules"].get(name, [0])) for r in rows])
        gain = share - theirs
        out["mean pass share"][name] = float(theirs.mean())
        out["gain over rule"][name] = [float(gain.mean()), *interval(gain[again].mean(axis=1))]
    regrets, p_values = [], []
    for r in rows:
        half = len(r["plan"]) // 2
        sides = (slice(None, half), slice(half, None))
        regret = []
        for choose, compare in (sides, sides[::-1]):
            name = max(r["rules"], key=lambda n: np.mean(r["rules"][n][choose]))
            rule, mine = r["rules"][name][compare], r["plan"][compare]
            regret.append(np.mean(rule) - np.mean(mine))
            if choose is sides[0]:
                a, b = sum(mine), sum(rule)
                table = [[a, len(mine) - a], [b, len(rule) - b]]
                p_values.append(float(fisher_exact(table, alternative="less")[1]))
        regrets.append(float(np.mean(regret)))
    regret = np.array(regrets)
    order = np.sort(p_values)
    holm = np.maximum.accumulate(order * (count - np.arange(count)))
    out["regret against the best rule"] = [
        float(regret.mean()),
        *interval(regret[again].mean(axis=1)),
    ]
    out["upper 95 % bound of regret"] = float(np.quantile(regret[again].mean(axis=1), 0.95))
    out["settings significantly worse (Holm, 5 %)"] = int((holm < 0.05).sum())
    promised = np.array([r["promised"] for r in rows])
    off = promised - share
    out["promised P"] = float(promised.mean())
    out["promised less realised"] = [float(off.mean()), *interval(off[again].mean(axis=1))]
    out["mean absolute error of the promise"] = float(np.abs(off).mean())
    inside = [r["low"] <= sum(r["plan"]) <= r["high"] for r in rows]
    out["counts inside their 95 % interval"] = f"{sum(inside)} of {count}"
    return out


def main() -> None:
    """Draw settings, plan, train, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=int, default=24)
    parser.add_argument("--runs", type=int, default=100, help="seeds of each curve")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("suffice-out/bench-plans"))
    given = parser.parse_args()
    work = workspace(None, given.out, as_json=False, quiet=False)
    grid = stages.measure(work)
    target = work.study.models.target
    law = stages.fit(work)[target]
    slices, metrics = work.pool.slice_names, grid.metrics
    settings = [
        draw_setting(i, given.seed, law, work.market, slices) for i in range(given.settings)
    ]
    laws = [held_to_account(s, work, grid, law) for s in settings]
    plans = [
        planned(s, better, work.market, slices) for s, better in zip(settings, laws, strict=True)
    ]
    bought = [
        {"": p[0], **rules(s.market(work.market))} for s, p in zip(settings, plans, strict=True)
    ]
    # Promises are on disk before the first of their runs.
    promises = [
        {**asdict(s), "curves": {n: str(c) for n, c in b.items()}, "promised": p[1].p.value}
        for s, p, b in zip(settings, plans, bought, strict=True)
    ]
    write_file(work.folder / "promises.json", json.dumps(promises, indent=1).encode())
    seeds = tuple(range(FIRST_SEED, FIRST_SEED + given.runs))
    curves = list(dict.fromkeys(c for b in bought for c in b.values()))
    cells = [Cell(target, c.resolve(work.sources), seeds) for c in curves]
    trained = measure(
        cells, work.pool, work.models, work.scheme, work.store, work.progress, name="plans"
    )
    scores = dict(zip(curves, (r.scores for r in trained), strict=True))
    rng = np.random.default_rng([given.seed, 9])
    rows = []
    for s, (curve, promise), b in zip(settings, plans, bought, strict=True):
        criterion = s.criterion(slices)
        met = {n: criterion.met(scores[c], metrics).astype(int).tolist() for n, c in b.items()}
        low, high = promise.predictive(given.runs, rng)
        rows.append(
            {
                "setting": s.number,
                "curve": str(curve),
                "promised": promise.p.value,
                "low": low,
                "high": high,
                "plan": met.pop(""),
                "rules": met,
            }
        )
    table = judge(rows, rng)
    told = json.dumps({"table": table, "settings": rows}, indent=1)
    write_file(work.folder / "plans.json", told.encode())
    print(f"{'setting':<8}{'promised':>9}{'passed':>8}  best rule")
    for r in rows:
        name = max(r["rules"], key=lambda n: np.mean(r["rules"][n]))
        print(
            f"{r['setting']:<8}{r['promised']:>9.2f}{np.mean(r['plan']):>8.2f}  "
            f"{np.mean(r['rules'][name]):.2f} {name}; bought {r['curve']}"
        )
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
