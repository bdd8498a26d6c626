"""What the answers of a study depend on, as hashes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from suffice.stages._models import study_models

if TYPE_CHECKING:
    from suffice.evidence import Evidence
    from suffice.stages._workspace import Workspace


def rests_on(work: Workspace, *unread: str) -> list[str]:
    """What any answer of a study rests on: what it says, its tasks, labels and gold, its models.

    Args:
        work: the study at work.
        unread: sections of the study file that the answer does not depend on.
    """
    files = [work.study.path(s.verdicts) for s in work.study.sources.values() if s.verdicts]
    return [
        work.study.digest(unread),
        work.pool.fingerprint,
        *(work.scheme.fingerprint(name) for name in study_models(work.study)),
        *(hashlib.sha256(path.read_bytes()).hexdigest() for path in files),
    ]


def measured(evidence: Evidence) -> str:
    """Hash of every number that was measured; which runs they are follows from the study."""
    found = hashlib.sha256()
    for runs in evidence.runs:
        found.update(np.ascontiguousarray(runs.scores).tobytes())
        found.update(b"none" if runs.gold is None else np.ascontiguousarray(runs.gold).tobytes())
    return found.hexdigest()
