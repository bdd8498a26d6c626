"""Schemes by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suffice.errors import InputError

if TYPE_CHECKING:
    from suffice.demand.schemes._scheme import Scheme


def load_scheme(name: str, *, beta: float | None = None, **settings: float | None) -> Scheme:
    """The scheme of this name.

    Args:
        name: ``probe``, ``finetune``, ``lora`` or ``dpo``.
        beta: of ``dpo``; None for its own.
        settings: values of ``Settings`` for the last three; None for each one's own.

    Raises:
        InputError: there is no such scheme, or it has no such setting.
    """
    given = {key: value for key, value in settings.items() if value is not None}
    if name == "probe":
        for key in (*given, *(["beta"] if beta is not None else [])):
            raise _no_setting(name, key)
        from suffice.demand.schemes._probe import Probe

        return Probe()
    from suffice.demand.schemes._dpo import Dpo
    from suffice.demand.schemes._finetune import Finetune, Lora

    kinds: dict[str, type[Finetune | Dpo]] = {"finetune": Finetune, "lora": Lora, "dpo": Dpo}
    if name not in kinds:
        raise InputError(f"there is no scheme {name!r}", fix=f"use probe, {', '.join(kinds)}")
    if name == "finetune" and "rank" in given:
        raise _no_setting(name, "rank")
    scheme = kinds[name]()
    scheme = replace(scheme, settings=replace(scheme.settings, **given))  # type: ignore[arg-type]
    if beta is not None:
        if not isinstance(scheme, Dpo):
            raise _no_setting(name, "beta")
        scheme = replace(scheme, beta=beta)
    return scheme


def _no_setting(name: str, key: str) -> InputError:
    return InputError(f"scheme {name} has no setting {key!r}", fix="remove it")
