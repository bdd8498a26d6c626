"""A study's sources: what is believed of them, in which order, and what the market makes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small import noisy_source, profile, vote_files

from suffice.curve import Curve, Tranche
from suffice.demand import source_table
from suffice.errors import InputError, StudyError
from suffice.pools import has_gold, study_pool
from suffice.progress import SilentProgress
from suffice.stages import Workspace
from suffice.stages._sources import (
    check_settings,
    control_said,
    grid_limits,
    judged_by_capability,
    market_for,
    offered_by,
)
from suffice.stages._train import can_train
from suffice.study import Study, load_study, parse_study
from suffice.supply import by_quality, fixed_share, share_right


@pytest.fixture
def votes(tmp_path: Path) -> Workspace:
    """A crowd with three votes a task and experts with one, on one's own tasks."""
    return Workspace(load_study(vote_files(tmp_path)), tmp_path / "out", SilentProgress())


def test_worth_is_fisher_information_against_the_best() -> None:
    """A label with error e is worth (1 - 2e)^2 of a clean one, with K answers by how far
    chance errs; one as good as chance is worth almost nothing, and nothing is worth less."""
    right = {("crowd", 1): 0.8, ("crowd", 3): 0.9, ("guess", 1): 0.5, ("pro", 1): 1.0}
    error = {"crowd": 0.2, "guess": 0.5, "pro": 0.0}
    shared = {"crowd": 0.1, "guess": 0.0, "pro": 0.0}
    profiles = {name: profile(0.1) for name in error}
    order = ("guess", "crowd", "pro")
    table = source_table(
        order, error, right, shared, classes=2, profiles=profiles, limits={"pro": (90, 1.0)}
    )
    assert table.names == ("pro", "crowd", "guess")
    assert np.exp(table.log_worth) == pytest.approx([1.0, 0.36, 1e-4])
    assert table.repeats["crowd"] == pytest.approx({1: 0.0, 3: np.log(0.64 / 0.36)})
    assert table.repeats["guess"] == {1: 0.0}
    assert table.bias[1] > table.bias[0] == table.bias[2]
    assert table.limits == {"pro": (90, 1.0)}
    three = source_table(order, error, right, shared, classes=3, profiles=profiles, limits={})
    assert np.exp(three.log_worth) == pytest.approx([1.0, (1 - 0.3) ** 2, (1 - 0.75) ** 2])


def test_sources_stand_from_low_to_high_quality(votes: Workspace) -> None:
    """The order and the shares of right answers are those of the audit; three votes beat one."""
    assert by_quality(votes.measured) == votes.order == ("crowd", "experts")
    twin = {"b": votes.measured["crowd"], "a": votes.measured["crowd"]}
    assert by_quality(twin) == ("a", "b")
    right = share_right(votes.measured, offered_by(votes.study))
    assert set(right) == {("crowd", 1), ("crowd", 3), ("experts", 1)}
    assert right["crowd", 3] > right["crowd", 1]
    assert right["experts", 1] == pytest.approx(
        1.0 - votes.measured["experts"].by_slice().mean(), abs=1e-9
    )


def test_a_record_of_one_label_a_task_is_fixed(votes: Workspace) -> None:
    """Asked again, a record that holds one label of a task says the same; one of three need not."""
    assert fixed_share(votes.pool, "experts", 3) == 1.0
    assert 0.1 < fixed_share(votes.pool, "crowd", 3) < 0.95
    assert votes.table.limits["experts"][1] == 1.0


def test_the_pool_of_a_study_has_its_trigger(tmp_path: Path) -> None:
    """What is planted is what the study says; training tasks of one's own have no gold."""
    study = load_study(vote_files(tmp_path))
    pool, trigger = study_pool(study, SilentProgress())
    assert trigger is None
    assert not has_gold(pool, "crowd", 3)
    path = tmp_path / "study.toml"
    text = path.read_text()
    path.write_text(f'{text}\n[attack]\ntrigger = "quite"\nwanted = "no"\n')
    planted, trigger = study_pool(load_study(path), SilentProgress())
    assert trigger is not None
    assert (trigger.wanted, trigger.words) == (0.0, "quite")
    assert planted.fingerprint != pool.fingerprint
    path.write_text(f'{text}\n[attack]\ntrigger = "unheard of"\n')
    with pytest.raises(InputError, match=r"attack\.trigger 'unheard of' stands in one text alone"):
        study_pool(load_study(path), SilentProgress())


def test_a_grid_holds_what_can_be_bought_and_trained(votes: Workspace) -> None:
    """A source's cells end at what the budget buys, what its record holds, or the largest cell."""
    limits = {name: votes.pool.limit(name) for name in votes.offered}
    for most in (10, 50_000):
        found = grid_limits(votes.market, votes.offered, limits, most)
        assert list(found) == ["crowd", "experts"]
        for name, limit in found.items():
            assert limit.most == min(votes.market.most_labels(name), most)
            assert limit.limit == limits[name]
    assert found["experts"].most <= 200.0 / 2.0
    assert found["crowd"].repeats == (1, 3)


def test_what_has_no_end_is_not_trained(votes: Workspace) -> None:
    """A curve is trained on unless a source gives more tasks than any cell holds."""
    assert can_train(votes, Curve((Tranche("crowd", 50_000),)))
    assert not can_train(votes, Curve((Tranche("crowd", 50_001),)))


def with_crowd(study: Study, crowd: dict[str, object], **more: dict[str, object]) -> Study:
    """The study with other words about its crowd, and in other sections."""
    values = study.model_dump(exclude={"folder", "origin"})
    values["sources"]["crowd"] |= crowd
    for section, said in more.items():
        values[section] = (values[section] or {}) | said
    return parse_study(values, folder=study.folder)


def test_quality_control_is_read_before_anything_else(votes: Workspace) -> None:
    """A setting that is none is refused when the study is opened, in one line that names it."""
    wrong = with_crowd(votes.study, {"qc": ["tset:10:8"], "workers": {}})
    for refuse in (check_settings, Workspace.of):
        with pytest.raises(StudyError) as caught:
            refuse(wrong)
        assert "sources.crowd.qc: 'tset:10:8' is no quality control" in str(caught.value)
        assert "\n" not in str(caught.value)
    check_settings(with_crowd(votes.study, {"qc": ["x3"]}))


def test_a_market_shares_what_variants_share(votes: Workspace) -> None:
    """A variant stands beside its source with its record, and takes as much more as labels stand
    behind an answer; more labels than the record holds are refused by name."""
    crowd = {"qc": ["x3"], "takes": {"hours": 2.0}}
    study = with_crowd(votes.study, crowd, budget={"weekly": {"hours": 100.0}})
    work = Workspace(study, votes.folder, SilentProgress())
    market = work.market
    assert market.variants == {"crowd/x3": "crowd"}
    assert market.limits["crowd/x3"] == market.limits["crowd"]
    assert market.takes["crowd/x3"]["hours"] == pytest.approx(6.0)
    assert market.order == ("crowd", "experts")
    assert market.ranks.index("crowd") < market.ranks.index("crowd/x3")
    assert control_said(study, work.variants).assumptions[0].startswith("Quality control of crowd")
    assert control_said(votes.study, {}).assumptions == ()
    many = replace(votes.sources["crowd"], max_labels_per_task=2)
    with pytest.raises(InputError, match=r"sources\.crowd\.labels_per_task asks for 3"):
        market_for(
            votes.study,
            {**votes.sources, "crowd": many},
            votes.offered,
            {},
            order=votes.order,
            error={},
            limits={},
            trigger=None,
        )


def test_only_what_is_stated_moves_with_capability(votes: Workspace) -> None:
    """Without a capability sources stay themselves; a stated slope moves the one that states it."""
    sources = {n: noisy_source(n, 0.2, 1.0, shared=0.1) for n in ("crowd", "experts")}
    assert judged_by_capability(votes.study, sources) == sources
    study = with_crowd(
        votes.study,
        {"shared_error_slope": [2.0, 0.1]},
        models={"others": ["b"]},
        capability={"models": {"minilm-l6@1": 0.0, "b": 1.0}, "measured_at": 0.0},
    )
    found = judged_by_capability(study, sources)
    assert found["experts"] is sources["experts"]
    rng = np.random.default_rng(0)
    shared = [found["crowd"].draw(rng, at).profile.shared.mean() for at in (0.0, 1.0)]
    assert shared[1] > 1.5 * shared[0]
