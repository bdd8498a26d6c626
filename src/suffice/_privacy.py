"""Dependencies that report how they are used: told not to, before any of them is imported.

``suffice/__init__.py`` calls this, so it holds in every process that knows anything of suffice:
the user's own, worker processes (which inherit the environment) and Ray's tasks (which import
suffice to find their function).
"""

from __future__ import annotations

import os

NO_REPORTS = {
    # onnxruntime 1.32's Linux wheel writes a device id and a queue of events below the user's
    # cache folder while it is imported; its own switch in Python comes too late for that.
    "ORT_DISABLE_TELEMETRY": "1",
    # Ray's usage statistics, https://docs.ray.io/en/latest/cluster/usage-stats.html
    "RAY_USAGE_STATS_ENABLED": "0",
    # https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
"""Environment variables that switch reports of usage off."""


def send_nothing() -> None:
    """Switch reports of usage off, for this process and for those that it starts."""
    os.environ.update(NO_REPORTS)
