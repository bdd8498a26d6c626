"""How large a share of hostile labels any learner can stand."""

from __future__ import annotations

from suffice.forecast.theory._bound import Bound, check_share

_REFERENCE = (
    "Kearns and Li (1993), Learning in the presence of malicious errors, SIAM J. Comput. 22"
)
_ASSUMPTIONS = (
    "the attacker chooses task and label, and knows rule, learner and the other labels",
    "two rules that differ on as many tasks as the error allows are both possible",
    "every label is hostile with the same chance, and none can be traced to a worker",
)


def malicious_share(target: float) -> Bound:
    """The share of hostile labels from which on no learner reaches error ``target``: t/(1+t).

    Model: two rules differ on a share t of the tasks. With hostile share b = t/(1+t) the
    attacker puts as many false labels there as honest labels are given, (1-b) t = b, and the
    labels look the same under both rules.
    Assumes: the attacker is as strong as ``assumptions`` says.
    Fails when: workers can be told apart and screened, tasks are chosen by the buyer, or gold
    tasks catch the attacker: then more can be stood.
    Reference: Kearns and Li (1993), theorem 1.
    """
    check_share("target", target)
    return Bound(
        name="malicious share",
        quantity="share of labels",
        value=target / (1.0 + target),
        direction="upper",
        assumptions=_ASSUMPTIONS,
        reference=_REFERENCE,
        holds_here="if the attacker also chooses the tasks and cannot be screened",
    )


def malicious_error(share: float) -> Bound:
    """The error that a hostile share b can force on any learner: b/(1-b), the same turned round."""
    check_share("share", share, below=0.5, zero=True)
    return Bound(
        name="malicious error",
        quantity="error",
        value=share / (1.0 - share),
        direction="lower",
        assumptions=_ASSUMPTIONS,
        reference=_REFERENCE,
        holds_here="if the attacker also chooses the tasks and cannot be screened",
    )
