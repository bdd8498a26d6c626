"""``suffice models``: which models can be measured."""

from __future__ import annotations

from suffice.cli._screen import say


def models(*, json: bool = False) -> None:
    """List the models that need no download from a hub.

    Any Hugging Face name or local folder works too, as `hf:NAME`, with the torch extra.

    Examples
    --------
    `suffice models`

    Parameters
    ----------
    json
        Print the list as JSON.
    """
    from dataclasses import asdict

    from suffice import stages
    from suffice.cli._common import print_json

    found = stages.list_models()
    if json:
        print_json([asdict(m) for m in found])
        return
    for m in found:
        size = f"{m.parameters / 1e6:.1f}M"
        state = "fetched" if m.cached else "not fetched yet"
        say(f"{m.name:<14} {size:>7}  {m.dim:>4} dimensions, {state}: {m.about}")
