"""Labels as bits: what a label can carry at most, and how many bits must come through."""

from __future__ import annotations

from math import comb, log2

from suffice.errors import InputError
from suffice.forecast.theory._bound import Bound, check_count, check_share

FANO = "Fano (1961), Transmission of Information; Cover and Thomas (2006), theorem 2.10.1"


def capacity(error: float) -> float:
    """Bits that one label can carry: the capacity of a binary symmetric channel, 1 - H2(error).

    Reference: Shannon (1948).
    """
    return 1.0 - _entropy(error)


def task_bits(error: float, labels: int = 1, shared: float = 0.0) -> float:
    """Bits that r labels of one task carry about its right answer, either one as likely.

    Model: with chance ``shared`` the answer is flipped for all labels of the task; then each
    label is flipped on its own, so that one label errs with chance ``error``.
    Assumes: labels are exchangeable, so that the number of ones says all that they say.
    """
    check_share("error", error, below=0.5, zero=True)
    check_share("shared error", shared, below=0.5, zero=True)
    check_count("labels a task", labels, least=1)
    if shared > error:
        raise InputError(
            f"shared error = {shared:g}", fix=f"it is a part of the error, which is {error:g}"
        )
    alone = max((error - shared) / (1.0 - 2.0 * shared), 0.0)

    def ones(k: int, p: float) -> float:
        return comb(labels, k) * p**k * (1.0 - p) ** (labels - k)

    bits = 0.0
    for k in range(labels + 1):
        right, wrong = ones(k, 1.0 - alone), ones(k, alone)
        if_one = (1.0 - shared) * right + shared * wrong
        if_zero = (1.0 - shared) * wrong + shared * right
        middle = 0.5 * (if_one + if_zero)
        bits += sum(0.5 * p * log2(p / middle) for p in (if_one, if_zero) if p > 0.0)
    return max(bits, 0.0)


def information_needed(hypotheses: float, failure: float) -> float:
    """Bits that must come through to name one of M equally likely rules; never below zero.

    Reference: Fano (1961): I >= log2 M - H2(h) - h log2(M - 1).
    """
    check_count("hypotheses", hypotheses, least=1)
    check_share("failure", failure, zero=True)
    if hypotheses == 1 or failure >= 1.0 - 1.0 / hypotheses:
        return 0.0
    left = log2(hypotheses) - _entropy(failure)
    # A hypothesis count is often no whole number; Fano's term for the wrong ones is about M - 1.
    return max(left - (failure * log2(hypotheses - 1.0) if hypotheses > 1.0 else 0.0), 0.0)


def information_bound(
    bits: float, bits_a_label: float, *, prior: str, holds_here: bool | str | None = None
) -> Bound:
    """Labels without which the needed information cannot have come through: n >= I / C.

    Model: labels of n tasks pass a memoryless channel; their mutual information with the rule is
    at most n C, whichever tasks are chosen in whichever order.
    Assumes: nothing but the labels tells of the rule beyond the prior that ``bits`` is counted
    under. Pretraining is such a prior: I falls with it and never below zero.
    Fails when: I is counted under a prior that is not the learner's.
    Reference: Fano (1961); Shannon (1948).

    Args:
        bits: information that is still needed, in bits.
        bits_a_label: what one label carries at most.
        prior: the prior in words: ``a million rules are equally likely``.
        holds_here: True where the rule really was drawn from that prior.
    """
    check_count("bits", bits, least=0.0)
    check_share("bits a label", bits_a_label, below=1.0 + 1e-12, zero=True)
    value = 0.0 if bits == 0.0 else bits / bits_a_label if bits_a_label > 0.0 else float("inf")
    return Bound(
        name="information",
        quantity="labels",
        value=value,
        direction="lower",
        assumptions=(
            f"the prior: {prior} ({bits:.3g} bits to learn)",
            f"a label carries at most {bits_a_label:.3g} bits, errors independent between tasks",
            "on average over that prior; the labels are all that is learned from",
        ),
        reference=FANO,
        holds_here=f"if {prior}" if holds_here is None else holds_here,
    )


def _entropy(p: float) -> float:
    return sum(-q * log2(q) for q in (p, 1.0 - p) if q > 0.0)
