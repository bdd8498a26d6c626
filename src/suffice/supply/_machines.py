"""Which workers are language models: their errors go together, and their agreement buys little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Array = NDArray[Any]

# Words of a kind or a source that mean a machine, and names of models as people write them; a name
# that people bear too counts with a version behind it.
_MACHINE = (
    r"(?i)(^|[^a-z])(llms?|lms?|ai|a\.i\.|gpts?|bots?|models?|machines?|auto|automatic|automated|"
    r"synthetic|language[ _-]?models?|ai[ _-]?judges?|llm[ _-]?judges?|reward[ _-]?models?)"
    r"([^a-z]|$)"
)
_MODEL = (
    r"(?i)(^|[^a-z])(chatgpt|gpt[ _-]?\d|gpt[ _-]?oss|o[134][ _-]?(mini|preview|pro)|text-davinci|"
    r"claude[ _-]?(\d|v\d|instant|opus|sonnet|haiku)|gemini[ _-]?(\d|v\d|pro|flash|ultra|nano)|"
    r"palm[ _-]?2|llama[ _-]?\d|mi[sx]tral|qwen|deepseek|gemma[ _-]?\d|phi[ _-]?\d|command[ _-]?r|"
    r"vicuna|pandalm|prometheus[ _-]?\d|falcon[ _-]?\d|grok[ _-]?\d|nova[ _-]?(pro|lite|micro)|"
    r"llms?[ _-]|llm$|ai[ _-]?judge)"
)


def find_judges(
    frame: pl.DataFrame, workers: Sequence[Any], worker: Array, stated: Sequence[Any] | None
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which workers are language models, bool [worker], and what to say of that.

    Stated ones where there are any; else by the column ``kind``; else by the names of the sources;
    else by the workers' names, as far as they are names of well-known models.

    Args:
        frame: the rows of the table.
        workers: the workers' ids.
        worker: the number of each row's worker.
        stated: ids of workers who are language models; empty for none of them.

    Raises:
        InputError: a stated worker is not in the table.
    """
    import numpy as np
    import polars as pl

    found = np.zeros(len(workers), dtype=bool)
    if stated is not None:
        number = {str(name): w for w, name in enumerate(workers)}
        for judge in stated:
            if str(judge) not in number:
                raise InputError(f"no worker {judge!r} in the labels", fix="name one of them")
            found[number[str(judge)]] = True
        return found, []
    for column, what in (("kind", "their kind"), ("source", "their source")):
        if column not in frame.columns or frame[column].dtype != pl.String:
            continue
        values = frame[column].unique()
        machine = values.filter(values.str.contains(_MACHINE) | values.str.contains(_MODEL))
        # A table in which all is a machine's by its source still has people if its kinds say so.
        if len(machine):
            found[np.unique(worker[frame[column].is_in(machine.implode()).to_numpy()])] = True
        if found.any() or column == "kind":
            return found, _said(found, workers, what)
    if isinstance(workers[0], str):
        found = pl.Series(workers).str.contains(_MODEL).to_numpy()
    return found, _said(found, workers, "their names")


def _said(found: Array, workers: Sequence[Any], what: str) -> list[str]:
    import numpy as np

    if not found.any():
        return []
    names = [str(workers[w]) for w in np.flatnonzero(found)[:_SHOWN]]
    more = f" and {int(found.sum()) - _SHOWN} more" if found.sum() > _SHOWN else ""
    return [
        f"{', '.join(names)}{more} taken for language models by {what}: beside people they count "
        "as one voter (--judges names others)"
    ]


_SHOWN = 6
"""Names that a note lists. Chosen: the note stays short."""
