"""``suffice run``: the whole way from labels to a checked answer."""

from __future__ import annotations

from pathlib import Path

from suffice.cli._common import OUT
from suffice.cli._screen import say


def run(
    study: Path | None = None,
    *,
    out: Path = OUT,
    check: bool = True,
    check_seed: int | None = None,
    executor: str = "processes",
    dry_run: bool = False,
    json: bool = False,
    quiet: bool = False,
) -> None:
    """Answer a study: what to buy, with which probability, and check it by real training.

    Without STUDY the example study runs: it fetches its data and models once and needs no torch.
    Finished work is kept, so that a stopped run goes on, and a folder that holds the answer to
    this very study is left as it stands.

    Examples
    --------
    `suffice run`

    `suffice run my-study.toml --out results`

    `suffice run my-study.toml --no-check --json > plan.json`

    `suffice run my-study.toml --dry-run`

    Parameters
    ----------
    study
        Study file; `suffice init` writes one.
    out
        Folder for the results.
    check
        Train the recommended curve and its alternatives with fresh seeds.
    check_seed
        First seed of those runs: none may be the grid's.
    executor
        Where to train: processes, processes:4, inline, ray, or ray:HOST:PORT of a cluster.
    dry_run
        Say what would be trained and about how long that takes, and train nothing.
    json
        Print plan.json instead of tables; progress becomes JSON lines.
    quiet
        No progress.
    """
    from dataclasses import asdict

    from suffice import stages
    from suffice.cli._common import print_json, print_summary, workspace

    work = workspace(study, out, as_json=json, quiet=quiet, executor=executor)
    if dry_run:
        ahead = stages.dry_run(work)
        if json:
            print_json({**asdict(ahead), "statement": ahead.statement})
        else:
            say(ahead.statement)
        return
    result = stages.run(
        work,
        check=check,
        check_seed=check_seed,
    )
    if json:
        print_json(stages.PlanRecord.read(out).as_json())
        return
    print_summary(out)
    say(f"Report: {result.report}")
