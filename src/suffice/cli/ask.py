"""``suffice ask`` and ``suffice tell``: the next runs of a table, and what came out of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from suffice.cli._common import OUT
from suffice.cli._screen import say


def ask(
    study: Path,
    *,
    runs: Annotated[int, Parameter(name=["--runs", "-n"])] = 1,
    money: float | None = None,
    value: float | None = None,
    out: Path = OUT,
    json: bool = False,
    quiet: bool = False,
) -> None:
    """Hand out the next training runs of a study of runs, with what each is worth.

    They are pending from then on, until `suffice tell` brings their results.

    Examples
    --------
    `suffice ask mine.toml -n 4`

    `suffice ask mine.toml -n 8 --money 2000 --json`

    Parameters
    ----------
    study
        Study file of kind runs.
    runs
        How many runs at most.
    money
        For the runs; without it, as many as are asked for.
    value
        Money that it is worth to meet the criterion, instead of what the study says.
    out
        Folder of the study's results.
    json
        Print the runs as JSON.
    quiet
        No progress.
    """
    from suffice import stages
    from suffice.cli._common import print_json, workspace

    work = workspace(study, out, as_json=json, quiet=quiet)
    found = stages.ask(work, count=runs, money=money, value=value)
    if json:
        print_json([a.as_dict() for a in found])
        return
    for a in found:
        again = ", a repeat" if a.repeat else ""
        say(f"{a.id}: train {a.model} on {a.curve}, seed {a.seed}{again}")
        if a.worth is None:
            say("  one of the first runs, before any law can be fitted")
        else:
            say(
                f"  worth knowing {a.worth.value:,.2f} ({a.worth.low:,.2f} to {a.worth.high:,.2f}) "
                f"for {a.price:,.2f}, its labels left out"
            )
    say(f"Tell what came out: suffice tell {study} --run {found[0].id} METRIC=VALUE")


def tell(
    study: Path,
    results: Path | None = None,
    *metrics: str,
    run: str | None = None,
    failed: Annotated[list[str] | None, Parameter(negative=())] = None,
    json: bool = False,
) -> None:
    """Take in what came out of runs that were made elsewhere.

    Rows of runs that were handed out need their id and metrics; other rows are taken with the
    labels that they name. A value may come with its standard error, written `chat=.71+-.01`.

    Examples
    --------
    `suffice tell mine.toml results.csv`

    `suffice tell mine.toml --run ask-1 chat=.71 harm=.013+-.002`

    `suffice tell mine.toml --failed ask-2`

    Parameters
    ----------
    study
        Study file of kind runs.
    results
        Table of results (CSV, TSV, parquet, JSON or JSON lines); with --run, the first metric.
    metrics
        With --run: METRIC=VALUE, or METRIC=VALUE+-ERROR.
    run
        Id of a single run that is told.
    failed
        Id of a run that went wrong; may be given several times. Failed runs are kept apart from
        bad ones.
    json
        Print how many runs were told as JSON.
    """
    from suffice import stages
    from suffice.cli._common import print_json

    table = results
    values: dict[str, float] = {}
    errors: dict[str, float] = {}
    if run is not None:
        given = [*([] if results is None else [str(results)]), *metrics]
        table, (values, errors) = None, _read(given)
    told, foreign, gone = stages.tell(
        study, table, run=run, values=values, errors=errors, failed=failed or ()
    )
    if json:
        print_json({"told": told, "foreign": foreign, "failed": gone})
        return
    others = f", {foreign} of them nobody asked for" if foreign else ""
    say(f"{told} told{others}; {gone} failed")


def _read(given: list[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Values and standard errors of METRIC=VALUE and METRIC=VALUE+-ERROR.

    Raises:
        InputError: one of them is not written so.
    """
    from suffice.errors import InputError

    values: dict[str, float] = {}
    errors: dict[str, float] = {}
    for text in given:
        name, equals, number = text.rpartition("=")
        value, has_error, error = number.partition("+-")
        try:
            if not equals or not name:
                raise ValueError
            values[name] = float(value)
            if has_error:
                errors[name] = float(error)
        except ValueError:
            raise InputError(
                f"{text!r} is no METRIC=VALUE", fix="write it like chat=.71, or chat=.71+-.01"
            ) from None
    return values, errors
