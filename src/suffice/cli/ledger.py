"""``suffice ledger``: how earlier forecasts came out."""

from __future__ import annotations

from pathlib import Path

from suffice.cli._common import OUT


def ledger(out: Path = OUT, *, json: bool = False) -> None:
    """List every forecast that was made before its runs, and how it came out.

    Examples
    --------
    `suffice ledger results`

    Parameters
    ----------
    out
        Folder that `suffice run` wrote.
    json
        Print the rows as JSON.
    """
    from suffice.cli._common import print_json
    from suffice.curve import Curve
    from suffice.errors import InputError
    from suffice.forecast import Ledger

    path = out / "ledger.jsonl"
    if not path.exists():
        raise InputError("is not there yet", where=str(path), fix="suffice run writes it")
    rows = Ledger(path).rows()
    if json:
        print_json(rows)
        return
    for row in rows:
        low, high = row["predictive"]
        came = "not run yet" if row["passed"] is None else f"{row['passed']}/{row['total']} passed"
        said = f"P = {row['p']['mean']:.2f}, {low} to {high} of {row['total']}"
        print(f"{row['time'][:10]}  {said}: {came}  {Curve.from_list(row['curve'])}")
