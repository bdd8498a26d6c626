"""What an answer rests on: versions, seeds and checksums."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from suffice.records._trace import LockRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGES = ("numpy", "scipy", "emcee", "polars", "onnxruntime", "tokenizers", "onnx", "altair")


def lock_record(study: str, seed: int, pool: str, models: Mapping[str, str]) -> LockRecord:
    """What an answer with these data and models rests on, here and now.

    Args:
        study: digest of the study file.
        seed: of the study.
        pool: fingerprint of tasks, labels and gold.
        models: fingerprint of each model.
    """
    from importlib.metadata import PackageNotFoundError, version

    from suffice import __version__

    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed"
    return LockRecord(
        suffice=__version__,
        python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}",
        packages=packages,
        seed=seed,
        study_sha256=study,
        data={"pool": pool},
        models=dict(models),
    )
