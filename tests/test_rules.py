"""The rules of quality control as machines: walked by hand, and held against what uses them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from suffice.supply.operators._adaptive import Walker, walk
from suffice.supply.operators._gold_checks import GoldChecks
from suffice.supply.operators._qualification import Qualification
from suffice.supply.operators._rules import (
    POINTS,
    Answer,
    Entry,
    GoldScore,
    LeadRule,
    PassMark,
    Standing,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_a_qualification_test_by_hand() -> None:
    """Two right of three pass, one of three fails, and nothing is decided before the third."""
    rule = PassMark(questions=3, mark=2)
    state = rule.start()
    for answer, wanted in ((True, Entry.ASK), (False, Entry.ASK), (True, Entry.PASSED)):
        state, decision = rule.step(state, answer)
        assert decision == wanted
    state = rule.start()
    for answer, wanted in ((True, Entry.ASK), (False, Entry.ASK), (False, Entry.FAILED)):
        state, decision = rule.step(state, answer)
        assert decision == wanted


def test_gold_checks_by_hand() -> None:
    """Right answers start the count anew, wrong ones in a row expel."""
    rule = GoldScore(right=25, anew=-60, expel=150)
    score: Any = rule.start()
    walked = []
    for answer in (True, True, True, False, True, False, False):
        score, standing = rule.step(score, answer)
        walked.append((int(score), int(standing)))
    # -25, -50, then -75 is below -60 and starts anew; 60, 35, 95, 155 expels.
    stays, expelled = int(Standing.STAYS), int(Standing.EXPELLED)
    assert walked == [
        (-25, stays), (-50, stays), (0, stays), (60, stays), (35, stays), (95, stays),
        (155, expelled),
    ]  # fmt: skip


def test_a_lead_by_hand() -> None:
    """A lead of two closes a task; at the last label who leads wins; a coin decides a tie."""
    rule = LeadRule(most=4, lead=2)

    def closes(*votes: bool) -> list[int]:
        state, told = rule.start(), []
        for vote in votes:
            state, decision = rule.step(state, vote)
            told.append(int(decision))
        return told

    assert closes(True, True) == [Answer.OPEN, Answer.FIRST]
    assert closes(False, True, False, False) == [*[Answer.OPEN] * 3, Answer.SECOND]
    assert closes(True, False, False, True) == [*[Answer.OPEN] * 3, Answer.TIED]
    odd = LeadRule(most=1, lead=3)
    assert odd.step(odd.start(), True)[1] == Answer.FIRST


def test_rules_take_many_workers_at_once() -> None:
    """Arrays of workers are moved as each alone would be."""
    rule = GoldScore.against(0.85, 0.6, false_alarm=0.02, miss=0.1)
    scores = np.arange(rule.anew + 1, rule.expel)
    answers = np.arange(len(scores)) % 2 == 0
    moved, standing = rule.step(scores, answers)
    for score, answer, to, stands in zip(scores, answers, moved, standing, strict=True):
        one = rule.step(int(score), bool(answer))
        assert (int(one[0]), int(one[1])) == (to, stands)


def test_the_simulated_workers_obey_the_gold_rule() -> None:
    """On 300 random careers the simulation expels whom the machine, walked in Python, expels."""
    checks = GoldChecks(rate=0.3)
    rule = checks.rule()
    rng = np.random.default_rng(5)
    gone = 0
    for career in range(300):
        right, answers = float(rng.uniform(0.3, 0.95)), int(rng.integers(1, 150))
        kept = checks.follow(
            np.array([right]), np.array([answers]), np.random.default_rng([career, 1])
        )
        chance = np.random.default_rng([career, 1])
        score, stays = 0, True
        for _ in range(answers):
            if stays and chance.random() < checks.rate:
                score += -rule.right if chance.random() < right else POINTS
                score = 0 if score <= rule.anew else score
                stays = score < rule.expel
        assert bool(kept[0]) == stays
        gone += not stays
    assert 50 < gone < 250


def test_the_exact_chance_of_expulsion_is_that_of_the_machine() -> None:
    """Over all courses of nine answers the machine's chance of being there is the computed one."""
    checks = GoldChecks(rate=0.6, good=0.8, bad=0.4, false_alarm=0.2, miss=0.2)
    rule, right = checks.rule(), 0.45
    weights = {None: 1.0 - checks.rate, True: checks.rate * right, False: checks.rate * (1 - right)}
    alive = np.zeros(9)
    for course in product(weights, repeat=9):
        score: Any = rule.start()
        chance, stays = float(np.prod([weights[x] for x in course])), True
        for step, answer in enumerate(course):
            alive[step] += chance * stays
            if answer is not None and stays:
                score, standing = rule.step(score, answer)
                stays = bool(standing == Standing.STAYS)
    np.testing.assert_allclose(checks.fate(right, 9).alive, alive, atol=1e-12)
    assert alive[-1] < 0.8


def test_the_chance_to_pass_is_that_of_the_machine() -> None:
    """Over all courses of a test of six the machine passes as often as is computed."""
    test = Qualification(questions=6, pass_mark=4)
    rule, right, passed = test.rule(), 0.7, 0.0
    for course in product((True, False), repeat=6):
        state, decision = rule.start(), np.asarray(Entry.ASK)
        for answer in course:
            assert decision == Entry.ASK
            state, decision = rule.step(state, answer)
        if decision == Entry.PASSED:
            passed += float(np.prod([right if x else 1.0 - right for x in course]))
    assert test.passes(np.array([right]))[0] == pytest.approx(passed, abs=1e-12)


@dataclass(frozen=True)
class Given:
    """A source whose labels are known."""

    codes: NDArray[np.int64]

    def labels(self, tasks: Any, each: int, rng: np.random.Generator) -> tuple[Any, Any]:
        """The labels as they were given."""
        return self.codes, np.zeros_like(self.codes)


@pytest.mark.parametrize(("most", "lead"), [(1, 1), (5, 2), (6, 3), (7, 9)])
def test_simulated_tasks_obey_the_lead_rule(most: int, lead: int) -> None:
    """On 400 random tasks each answer and its number of labels are the machine's."""
    rng = np.random.default_rng(most)
    codes = rng.integers(0, 2, (400, most))
    rule = LeadRule(most, lead)
    wrong, taken = Walker(Given(codes), rule).answers(range(400), 1, rng)  # type: ignore[arg-type]
    for row, answer, labels in zip(codes, wrong[:, 0], taken[:, 0], strict=True):
        state, decision, count = rule.start(), np.asarray(Answer.OPEN), 0
        while decision == Answer.OPEN:
            state, decision = rule.step(state, row[count] == 0)
            count += 1
        assert labels == count
        if decision != Answer.TIED:
            assert answer == (decision == Answer.SECOND)


def test_the_exact_walk_is_that_of_the_machine() -> None:
    """Over all courses of six labels: chance of a wrong answer and mean number of labels."""
    rule, error = LeadRule(6, 2), 0.3
    lost = labels = 0.0
    for course in product((True, False), repeat=6):
        chance = float(np.prod([1.0 - error if first else error for first in course]))
        state, decision, count = rule.start(), np.asarray(Answer.OPEN), 0
        while decision == Answer.OPEN:
            state, decision = rule.step(state, course[count])
            count += 1
        labels += chance * count
        lost += chance * {Answer.SECOND: 1.0, Answer.TIED: 0.5}.get(Answer(int(decision)), 0.0)
    computed = walk(np.array([error]), 6, 2)
    assert computed[0][0] == pytest.approx(lost, abs=1e-12)
    assert computed[1][0] == pytest.approx(labels, abs=1e-12)
