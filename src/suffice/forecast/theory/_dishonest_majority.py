"""Gold against a dishonest majority: how much tells honest raters from those who agree on a lie."""

from __future__ import annotations

from math import ceil, floor, log

from suffice.forecast.theory._bound import Bound, check_share

_REFERENCE = (
    "Steinhardt, Valiant and Charikar (2016), Avoiding imposters and delinquents: adversarial "
    "crowdsourcing and peer prediction, NIPS"
)


def gold_to_choose(
    honest_share: float, honest_error: float, impostor_error: float, failure: float
) -> Bound:
    """Gold tasks that are enough to choose the honest raters' answers among all that agree.

    Model: raters fall into groups that agree among themselves; a share a of honest raters leaves
    at most floor(1/a) groups as large as theirs. The group with the fewest errors on m gold tasks
    is followed. One impostor group, wrong on at least ``impostor_error`` of the tasks, does as
    well as the honest one with chance at most exp(-m gap^2 / 2) (Hoeffding; the two may err on
    the same tasks), and there are floor(1/a) - 1 of them.
    Assumes: gold is drawn at random and rated after the answers were handed in, so that nobody
    could answer right on the gold alone; gold itself is right.
    Fails when: gold is known beforehand; impostors are nearly as good as the honest (their gap is
    then not worth closing, and the bound grows without limit).
    Reference: Hoeffding (1963); the setting of Steinhardt, Valiant and Charikar (2016).
    """
    check_share("honest share", honest_share, below=1.0 + 1e-12)
    check_share("honest error", honest_error, zero=True)
    check_share("impostor error", impostor_error, below=1.0 + 1e-12)
    check_share("failure", failure)
    groups = floor(1.0 / honest_share + 1e-9)
    gap = impostor_error - honest_error
    if groups < 2:
        value = 0.0
    elif gap <= 0.0:
        value = float("inf")
    else:
        value = float(max(ceil(2.0 * log((groups - 1.0) / failure) / gap**2), 1))
    return Bound(
        name="gold against impostors",
        quantity="gold tasks",
        value=value,
        direction="upper",
        assumptions=(
            f"{honest_share:.3g} of the raters are honest and err on {honest_error:.3g}",
            f"answers worth catching are wrong on at least {impostor_error:.3g} of the tasks",
            "gold is drawn at random and rated after the answers were handed in",
        ),
        reference=_REFERENCE + "; Hoeffding (1963)",
        holds_here="if every group answers alike and gold was rated after submission",
    )


def ratings_order(honest_share: float, best_share: float, tolerance: float) -> tuple[Bound, Bound]:
    """Ratings for an approximately best subset of items, by workers and by the manager.

    Model: 1/(b a^3 x^4) ratings by each worker and 1/(b x^2) by the manager let one pick nearly
    all of the best share b with at most a share x of others, whatever the other workers do.
    Assumes: honest workers rate reliably; constants and logarithms are left out.
    Fails when: used as a number to buy. It says how steeply the price rises, no more.
    Reference: Steinhardt, Valiant and Charikar (2016).
    """
    check_share("honest share", honest_share, below=1.0 + 1e-12)
    check_share("best share", best_share, below=1.0 + 1e-12)
    check_share("tolerance", tolerance)
    workers = 1.0 / (best_share * honest_share**3 * tolerance**4)
    manager = 1.0 / (best_share * tolerance**2)
    both = (
        f"{honest_share:.3g} of the raters are honest; the best {best_share:.3g} are wanted",
        f"a share {tolerance:.3g} of mistakes is tolerated: an approximately best subset",
        "an order of magnitude: constants and logarithms are left out",
    )
    names = (("ratings a worker", workers), ("ratings by the manager", manager))
    first, second = (
        Bound(
            "dishonest majority", unit, value, "upper", both, _REFERENCE, "if only the order counts"
        )
        for unit, value in names
    )
    return first, second
