"""Sentences beside a plan come from what it rests on: law, scheme, pool, sources, operators."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small import votes_pool
from test_choose import law  # noqa: F401 - a fixture
from test_stages import small_study

from suffice.demand import FittedLaw, load_scheme
from suffice.demand.law._terms import Shape
from suffice.estimate import probability
from suffice.pools import rating_pool
from suffice.progress import SilentProgress
from suffice.stages._plan import _said
from suffice.stages._workspace import Workspace
from suffice.study import parse_study
from suffice.supply import sources_said
from suffice.supply.sources._sources import measure_source

STAND_IN = "is a small stand-in for post-training a language model."


def test_plan_and_law_name_the_same_families(law: FittedLaw) -> None:  # noqa: F811
    """The assumption about the law's mean names the families of law.json, with their weights."""
    sentence = law.said.assumptions[0]
    families = law.record().families
    assert len(families) == 2
    for f in families:
        assert f"{f.name.split()[0]} curve ({probability(f.weight)})" in sentence


def test_a_law_of_one_family_names_no_other(law: FittedLaw) -> None:  # noqa: F811
    """Where all draws are of one family, the sentence names it alone, without a weight."""
    draws = law.posterior.draws.copy()
    draws[:, Shape.column(law.table)] = 0.0
    one = replace(law, posterior=replace(law.posterior, draws=draws))
    assert one.said.assumptions[0].startswith("The law's mean is a power curve with a bias")


@pytest.mark.parametrize(
    ("scheme", "limit"),
    [
        ("probe", f"A linear head on a frozen encoder {STAND_IN}"),
        ("finetune", f"A fine-tuned encoder {STAND_IN}"),
        ("lora", f"A LoRA adapter on an encoder {STAND_IN}"),
        ("dpo", f"DPO of one model on recorded preferences {STAND_IN}"),
    ],
)
def test_each_scheme_states_its_own_limit(scheme: str, limit: str) -> None:
    """A linear head is named only where one was trained."""
    assert load_scheme(scheme).said("").limits == (limit,)


def said_of_study(tmp_path: Path, law: FittedLaw, **sections: object):  # noqa: F811
    """What a small ratings study says, with some of its sections changed."""
    values = small_study().model_dump()
    values.pop("folder", None)
    for name, section in sections.items():
        values[name] |= section
    work = Workspace(parse_study(values), tmp_path, SilentProgress())
    return _said(work, law.said)


def test_the_example_says_what_it_always_said(packaged_data, tmp_path, law) -> None:  # noqa: F811
    """Raters, head and judge of the example; nothing of quality control, which it does not buy."""
    said = said_of_study(tmp_path, law)
    assert said.limits == (
        "People share whatever they all get wrong: gold comes from the same kind of raters as the "
        "crowd and the panel, so no error that raters have in common can show.",
        "The ratings carry no rater ids: nobody can be told apart, screened or trusted more.",
        f"A linear head on a frozen encoder that ranks sentiment {STAND_IN}",
        "The lexicon judge is the one source whose shared error is visible.",
    )
    assert len(said.assumptions) == 4
    assert [c.what for c in said.citations][-1] == "Example ratings and lexicon judge"


def test_a_study_of_another_scheme_names_no_linear_head(packaged_data, tmp_path, law) -> None:  # noqa: F811
    """The limits follow the study's scheme."""
    said = said_of_study(tmp_path, law, scheme={"name": "finetune"})
    assert f"A fine-tuned encoder that ranks sentiment {STAND_IN}" in said.limits
    assert not any("linear head" in limit for limit in said.limits)


def test_own_ratings_say_nothing_of_the_example() -> None:
    """A pool of one's own table of ratings names no crowd, panel, lexicon or sentiment."""
    rows = [
        {"task": i, "text": f"text {i}", "rating": (3 * i + k) % 7}
        for i in range(200)
        for k in range(12)
    ]
    pool = rating_pool(pl.DataFrame(rows), None, {"hasty": 1}, pairs=200, seed=0)
    said = [*pool.said.assumptions, *pool.said.limits, *(c.text for c in pool.said.citations)]
    said += load_scheme("probe").said(pool.teaches).limits
    for word in ("crowd", "panel", "lexicon", "VADER", "sentiment"):
        assert not any(word in s for s in said)
    assert pool.said.limits[0].startswith("Gold is made of ratings like those that are bought")
    assert (
        said[-1] == f"A linear head on a frozen encoder that ranks texts by their rating {STAND_IN}"
    )


def test_own_data_say_nothing_of_the_example() -> None:
    """A pool of one's own has gold that may be wrong; nothing of sentiment or VADER is said."""
    pool, _ = votes_pool()
    assert pool.said.limits == ("Whatever the gold gets wrong, no number here can see.",)
    assert not any("VADER" in c.text for c in pool.said.citations)
    found = sources_said({"crowd": measure_source(pool, "crowd", seed=0)})
    assert found.limits == ()
    assert np.all(["recorded" in a for a in found.assumptions])
