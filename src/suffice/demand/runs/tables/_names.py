"""What people and trainers call columns of a table of runs, and what a name says of a metric."""

from __future__ import annotations

import re
from typing import Literal

# Our name -> names that mean it, the surest first, in small letters without separators.
ROLES: dict[str, tuple[str, ...]] = {
    "run": (
        "runid", "run", "runname", "runkey", "trialid", "trial", "experimentid", "experiment",
        "experimentname", "expname", "jobid", "rundir", "checkpoint", "hash", "uuid", "configname",
        "name", "id", "index",
    ),
    "model": (
        "model", "modelname", "strongmodel", "studentmodel", "student", "basemodel",
        "modelnameorpath", "pretrained", "modelid", "architecture", "arch", "configname",
    ),
    "size": (
        "params", "nparams", "parameters", "numparams", "numparameters", "nparameters",
        "modelsize", "modelparams", "size", "paramcount",
    ),
    "seed": ("seed", "trainseed", "trainingseed", "runseed", "randomseed", "modelseed"),
    "data_seed": (
        "dataseed", "datasetseed", "gtseed", "samplingseed", "subsetseed", "shuffleseed",
        "splitseed",
    ),
    "time": (
        "timestamp", "time", "createdat", "startedat", "finishedat", "starttime", "endtime",
        "enddate", "created", "datetime", "date",
    ),
    "state": ("state", "status"),
    "step": (
        "step", "globalstep", "trainglobalstep", "iteration", "iter", "update", "epoch",
        "checkpointstep",
    ),
    "total": (
        "total", "totallabels", "ntotal", "nlabels", "npairs", "trainsize", "ntrain", "numtrain",
        "trainingsize", "trainexamples", "nexamples", "numexamples", "nsamples", "numsamples",
        "datasetsize", "ndocs", "seenexamples", "tokens", "n",
    ),
    "items": (
        "testsize", "evalsize", "ntest", "neval", "numeval", "evalsamples", "numevalsamples",
        "ntestexamples", "evalitems",
    ),
}  # fmt: skip


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


ABOUT_RUNS = _set(
    "runtime duration seconds secs hours minutes time elapsed flos flops memory gpu cuda cost "
    "price usd throughput progress timestamp label marker version git commit swaps path kind "
    "host url"
)
"""Words in names of numbers that are of a run, and are no result of it."""

COVARIATES = _set(
    "lr learning epochs batch decay warmup beta beta1 beta2 temperature dropout lora rank "
    "optimizer scheduler noise flip corruption dataset ds task domain family condition method "
    "algorithm scheme unique warm clip accumulation"
)
"""Words in names of settings."""

LOWER = _set(
    "loss error err errors perplexity ppl nll bpb bits rmse mae mse wer cer ter fid harm "
    "harmful harmfulness toxicity toxic violation violations regret ece calibration brier kl "
    "attack asr hallucination hallucinations entropy refusal overrefusal jailbreak bias"
)
"""Words of which less is better; they win over those below (``error_accuracy`` is an error)."""

HIGHER = _set(
    "acc accuracy accuracies f1 reward rewards win wins winrate score bleu rouge rougel auc "
    "auroc auprc mcc spearman pearson kendall r2 pass exact em match map ndcg precision recall "
    "helpfulness helpful overall average chat safety reasoning rewardbench mmlu gsm8k hellaswag "
    "truthfulqa humaneval mbpp ifeval winogrande piqa boolq elo margin margins alignment "
    "truthful honest resolved success"
)
"""Words of which more is better, and names of public benchmarks that are scored so."""

_SHARES = _set(
    "acc accuracy accuracies f1 auc auroc precision recall win wins winrate pass exact em match "
    "err error errors wer ece harm violation violations refusal asr mmlu gsm8k hellaswag "
    "truthfulqa rewardbench"
)
_SIGNED = _set("mcc spearman pearson kendall correlation")
_NOT_SOURCES = _set(
    "params parameters seeds seed epochs epoch steps step layers gpus gpu eval evals test docs "
    "pairs train tokens heads shot shots classes samples examples labels total nodes workers "
    "val runs decay warmup dropout clip swaps"
)

_COUNT = re.compile(
    r"^(?:n|num|count|labels|nlabels|n_labels)[_\s:/-](?P<a>.+?)(?:[_\s]labels)?(?:@(?P<ra>\d+))?$"
    r"|^(?P<b>.+?)[_\s](?:labels|count|pairs|examples|n)(?:@(?P<rb>\d+))?$"
    r"|^(?P<c>.+?)@(?P<rc>\d+)$",
    re.IGNORECASE,
)
_SHARE_WORD = r"(?:share|frac|fraction|prop|proportion|pct|percent|percentage|weight|ratio|mix)"
_SHARE = re.compile(
    rf"^{_SHARE_WORD}[_\s:/-](?P<a>.+)$|^(?P<b>.+?)[_\s:/-]{_SHARE_WORD}"
    r"(?:[_\s](?P<kind>requested|actual|target|nominal|realized|realised))?$",
    re.IGNORECASE,
)


def plain(name: str) -> str:
    """A name in small letters without separators."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def words(name: str) -> list[str]:
    """The words of a name: ``eval/rewardsMargin`` has eval, rewards and margin."""
    split = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return [w for w in re.split(r"[^a-z0-9]+", split.lower()) if w]


def count_of(name: str) -> tuple[str, int] | None:
    """The source and the round that a column of counts is about; None where it is none."""
    found = _COUNT.match(name)
    if not found or plain(name) in ROLES["total"] or "=" in name:
        return None
    source = next(found[k] for k in "abc" if found[k])
    if set(words(source)) & (_NOT_SOURCES | ABOUT_RUNS):
        return None
    return source, int(next((found[k] for k in ("ra", "rb", "rc") if found[k]), "1"))


def share_of(name: str) -> tuple[str, str] | None:
    """The source that a share is of, and whether it is asked for or reached; None where none is."""
    found = _SHARE.match(name)
    if not found:
        return None
    source = found["a"] or found["b"]
    if set(words(source)) & (_NOT_SOURCES | ABOUT_RUNS | COVARIATES):
        return None
    return source, (found["kind"] or "").lower()


def is_setting(name: str) -> bool:
    """Whether a name is that of a setting of training."""
    return bool(COVARIATES & set(words(name))) and "=" not in name


def is_about_the_run(name: str) -> bool:
    """Whether a number is about the run itself: its seconds, memory or price."""
    return bool(ABOUT_RUNS & set(words(name))) or "per second" in " ".join(words(name))


def better(name: str) -> Literal["lower", "higher"] | None:
    """Which values are better, as far as the name says."""
    have = set(words(name))
    if have & LOWER:
        return "lower"
    return "higher" if have & HIGHER else None


def is_share(name: str) -> bool:
    """Whether a name is that of a share of items."""
    have = set(words(name))
    return bool(have & _SHARES) and "loss" not in have


def is_signed(name: str) -> bool:
    """Whether a name is that of a correlation, between -1 and 1."""
    return bool(set(words(name)) & _SIGNED)


def is_result(name: str) -> bool:
    """Whether a name says that a number is a result."""
    if is_about_the_run(name) or "=" in name:  # a feature's value, as in topic=law
        return False
    have = words(name)
    return better(name) is not None or have[:1] in (["eval"], ["test"], ["val"], ["metric"])


def error_column(metric: str, names: list[str]) -> str | None:
    """The column that holds the standard errors of a metric."""
    wanted = {plain(metric) + tail for tail in ("stderr", "se", "standarderror", "sem", "stderror")}
    return next((name for name in names if plain(name) in wanted), None)
