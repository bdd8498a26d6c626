"""The models of a study, and what a run of them must reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suffice.demand import Embedded, Scheme
    from suffice.forecast import Criterion
    from suffice.pools import Pool
    from suffice.progress import Progress
    from suffice.study import Study


def study_models(study: Study) -> list[str]:
    """Names of the models that a study measures, the plan's model first."""
    return list(dict.fromkeys([study.models.target, *study.models.others]))


def embedded_models(
    study: Study, scheme: Scheme, pool: Pool, progress: Progress
) -> dict[str, Embedded]:
    """Every model of a study with its features of the pool's items, the plan's model first.

    Schemes that train the model itself need no features.

    Raises:
        InputError: a scheme cannot train on such labels, or a model is not known.
    """
    from suffice.demand import Embedded, embed_cached, load_model

    found = {}
    for name in study_models(study):
        scheme.check(pool, name)
        features = np.empty((0, 0), dtype=np.float32)
        if scheme.frozen:
            features = embed_cached(load_model(name), pool.items, progress)
        found[name] = Embedded(name, scheme.fingerprint(name), features)
    return found


def criterion_of(study: Study, slices: Sequence[str]) -> Criterion:
    """What a run must reach, as the study states it.

    Args:
        study: what is asked.
        slices: of the task.
    """
    from suffice.forecast import Criterion

    section = study.criterion
    return Criterion(
        error=section.error,
        worst_slice_error=section.worst_slice_error,
        slices=tuple(slices),
        slice_error=section.slice_error,
        limits=section.limits,
        severe=section.severe,
        validity=None if section.validity == "unknown" else section.validity,
        origin=study.origin,
    )
