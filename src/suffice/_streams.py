"""Every source of chance by name: no two uses of one seed draw the same numbers.

A seed and a stream's number make a generator. Numbers are unique, which ``enum`` enforces, and
none is 0: NumPy's ``SeedSequence`` pads its entropy with zeros, so that ``[seed]``, ``[seed, 0]``
and ``[seed, 0, 0]`` are one and the same stream (NumPy 2.4, ``SeedSequence.mix_entropy``).
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@unique
class Stream(IntEnum):
    """Names of streams. A number once given is never given again: results hang on it."""

    RATING_POOL = 1
    RATING_DOCUMENTS = 2
    TASK_POOL = 3
    TASK_POOL_EVALUATION = 4
    LAW_SAMPLER = 5
    LAW_LEAVE_ONE_OUT = 6
    SOURCES = 11
    GRID_DESIGN = 12
    GOLD_OF_OPERATED = 13
    FIXED_SHARE = 14
    ATTACK_PART = 15
    TRANSFER_WIDTHS = 16
    SCALING_CURVE = 17
    SCALING_TWO_SOURCE = 18
    PLAN_CHOOSE = 21
    PLAN_REPORT = 22
    PLAN_PROMISING = 23
    PLAN_ROBUST = 24
    PLAN_SHADOW = 25
    PLAN_HARDEST = 26
    PLAN_FLIPS = 27
    PLAN_DEPLOYMENT = 28
    PLAN_FLIP_DRAWS = 29
    PLAN_SIZES = 30
    PLAN_CEILING = 38
    # Two uses, in plan and in supply: the picture of the surface, and what is not known of sources
    # on a supply curve. As with the streams named with AND below: an accident, never compared.
    SURFACE_AND_SUPPLY = 31
    LEARNING_CURVES = 32
    MORE_OF_THE_JUDGE = 33
    NEEDED_TASKS = 34
    # Two uses: draws of the law for the picture of hostile shares, and the prices and budgets that
    # elect the sliders' curves. They share a number by accident; nothing that is drawn for one is
    # ever compared with the other, and either would change printed digits under a new one.
    HOSTILE_AND_SITUATIONS = 35
    SLIDERS_ROUGH = 36
    # The sliders, and, each with a part of its own, what is not known of operators.
    SLIDERS_AND_OPERATORS = 37
    CHECK_PREDICTIVE = 41
    VALUE_OF_INFORMATION = 51
    VALUE_OF_PERFECT_INFORMATION = 52
    NEXT_PILOT = 53
    NEXT = 54
    FORECAST = 61
    BITS_LABELS = 62
    BITS_ORDERS = 63
    HORIZON = 67
    CAPABILITY = 71
    CAPABILITY_SLOPE = 72
    CAPABILITY_CHANGES = 73
    TRACK_RECORD = 81
    TRACK_RECORD_BINS = 82
    SCORES = 83
    BOARD = 84
    BOUNDS_OF_OPERATED = 91
    AUDIT = 101
    WORKERS = 102
    WORKERS_SAMPLE = 103
    WORKERS_PLAIN = 104
    SHARED_ERROR = 105
    ERR_TOGETHER = 106
    AUDIT_PREDICTIVE = 107
    AGREEMENT = 108
    WORKER_IDS = 109
    SPLIT = 110
    COLLUSION = 111
    AI_JUDGES = 112
    COMPARISONS = 113
    COMPARISONS_SAMPLE = 114
    POOL_OF_WORKERS = 115
    POOL_PREDICTIVE = 116
    OPERATED = 117
    OPERATED_MEAN = 118
    OPERATED_EFFORT = 119
    OPERATOR_BELIEF = 120
    ROUTING = 121
    RESPONSE = 131
    RESPONSE_WORTH = 132
    RESPONSE_ASK = 133
    PREQUENTIAL = 134
    SCALE_FIT = 161
    SCALE_AGREEMENT = 162
    SCALE_AUDIT = 163
    SCALE_PREDICTIVE = 164
    RANKINGS = 165
    RANKINGS_SAMPLE = 166

    def rng(self, seed: int, *more: int) -> np.random.Generator:
        """The generator of this stream under a seed; ``more`` tells parts of one stream apart.

        Args:
            seed: of the study or the call, 0 or more.
            more: whole numbers from 1 on; a trailing 0 would change nothing.

        Raises:
            ValueError: ``more`` ends in 0.
        """
        import numpy as np

        if more and more[-1] == 0:
            raise ValueError("a part of a stream is numbered from 1: zeros at the end are not read")
        return np.random.default_rng([seed, int(self), *more])
