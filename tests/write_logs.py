"""Logs by the libraries that write them: ``python write_logs.py KIND FOLDER``, a process each.

Every writer logs the same run where it can: accuracy .5, .7, .8 at steps 1, 2, 10, then .6 at
step 5 (a late word on an early step), and settings ``n_crowd`` 300 and ``data_seed`` 4.
"""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path

STEPS = ((1, 0.5), (2, 0.7), (10, 0.8), (5, 0.6))
CONFIG = {"n_crowd": 300, "data_seed": 4, "seed": 1}


def mlflow(folder: Path) -> None:
    """A run that finished, one that raised, and one that was deleted."""
    import mlflow as ml

    os.chdir(folder)
    ml.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    ml.set_experiment("rewards")
    with ml.start_run(run_name="good"):
        ml.log_params(CONFIG)
        for step, value in STEPS:
            ml.log_metric("eval_accuracy", value, step=step)
        ml.log_metric("eval_perplexity", math.inf, step=10)
    try:
        with ml.start_run(run_name="bad"):
            ml.log_metric("eval_accuracy", math.nan, step=1)
            raise RuntimeError
    except RuntimeError:
        pass
    with ml.start_run(run_name="gone") as gone:
        ml.log_metric("eval_accuracy", 0.1)
    ml.delete_run(gone.info.run_id)


def trackio(folder: Path) -> None:
    """Two runs of one project, one of which diverged."""
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio as tr

    tr.init(project="rewards", name="good", config=CONFIG)
    for step, value in STEPS:
        tr.log({"eval/accuracy": value}, step=step)
    tr.finish()
    tr.init(project="rewards", name="bad", config=CONFIG)
    tr.log({"eval/accuracy": math.nan}, step=1)
    tr.finish()


def wandb(folder: Path) -> None:
    """An offline run."""
    os.environ |= {"WANDB_MODE": "offline", "WANDB_DIR": str(folder), "WANDB_SILENT": "true"}
    import wandb as wb

    run = wb.init(project="rewards", name="good", config={"data": CONFIG})
    for value in (0.5, 0.7, 0.8):
        run.log({"eval/accuracy": value, "note": "words"})
    run.finish()


def tensorboard(folder: Path) -> None:
    """25,000 steps whose best value only one of them has, and settings."""
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(str(folder / "good"))
    for step in range(25_000):
        writer.add_scalar("eval/accuracy", 0.99 if step == 777 else 0.5 + step / 100_000, step)
    writer.add_hparams({"n_crowd": 300, "optimizer": "adamw"}, {"eval/final": 0.75})
    writer.close()


def inspect_ai(folder: Path) -> None:
    """The same evaluation as an archive and as JSON, of three epochs."""
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput
    from inspect_ai.scorer import match
    from inspect_ai.solver import solver

    @solver
    def answer():  # type: ignore[no-untyped-def]
        async def solve(state, generate):  # type: ignore[no-untyped-def]
            right = (int(state.sample_id) + state.epoch) % 3 and int(state.sample_id) % 4
            state.output = ModelOutput.from_content("none", "yes" if right else "no")
            return state

        return solve

    samples = [Sample(input=f"q{k}", target="yes") for k in range(12)]
    task = Task(dataset=samples, solver=answer(), scorer=match(), name="manners")
    for form in ("eval", "json"):
        eval(
            task,
            model="mockllm/reward-v1",
            log_dir=str(folder / form),
            log_format=form,
            epochs=3,
            metadata=CONFIG,
            display="none",
        )


def lm_eval(folder: Path) -> None:
    """A task of eight items that two filters score."""
    import yaml
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps({"q": str(k), "a": "lol"}) + "\n" for k in range(8)))
    first = {"function": "take_first"}
    task = {
        "task": "manners",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(rows)}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{q}}",
        "doc_to_target": "{{a}}",
        "generation_kwargs": {"until": ["\n"]},
        "filter_list": [
            {"name": "strict", "filter": [
                {"function": "regex", "regex_pattern": r"(\d+)"}, first]},
            {"name": "loose", "filter": [{"function": "lowercase"}, first]},
        ],
        "metric_list": [
            {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }  # fmt: skip
    (folder / "tasks").mkdir()
    (folder / "tasks" / "manners.yaml").write_text(yaml.safe_dump(task))
    found = simple_evaluate(
        model="dummy",
        tasks=["manners"],
        task_manager=TaskManager(include_path=str(folder / "tasks")),
        log_samples=True,
        bootstrap_iters=0,
    )
    tracker = EvaluationTracker(output_path=str(folder / "results"))
    samples = found.pop("samples")
    tracker.save_results_aggregated(results=found, samples=samples)
    tracker.save_results_samples(task_name="manners", samples=samples["manners"])


def tinker(folder: Path) -> None:
    """A run of tinker-cookbook's own logger, with a row of a step that came late."""
    from tinker_cookbook.utils.ml_log import JsonLogger

    log = JsonLogger(folder / "good")
    log.log_hparams({"data": CONFIG, "model_name": "tiny/model-1b"})
    for step, value in STEPS:
        log.log_metrics({"test/accuracy": value, "optim/lr": 1e-4}, step=step)
    log.log_summary({"test/seen": 12.0})


def verl(folder: Path) -> None:
    """verl's file logger, and the same run resumed under its name.

    The class is loaded from its file: importing the package would need Ray and torch.
    """
    import importlib.util

    package = importlib.util.find_spec("verl")
    assert package is not None
    assert package.submodule_search_locations
    file = Path(package.submodule_search_locations[0]) / "utils" / "tracking.py"
    spec = importlib.util.spec_from_file_location("verl_tracking", file)
    assert spec is not None
    assert spec.loader is not None
    tracking = importlib.util.module_from_spec(spec)
    sys.modules["verl_tracking"] = tracking
    spec.loader.exec_module(tracking)
    os.environ["VERL_FILE_LOGGER_ROOT"] = str(folder)
    for name, begin in (("good", 1), ("resumed", 1), ("resumed", 3)):
        log = tracking.FileLogger("rewards", name)
        for step in (begin, begin + 1):
            log.log({"val-core/accuracy/mean@1": step / 10, "actor/lr": 1e-6}, step)
        log.finish()


def trl(folder: Path) -> None:
    """A tiny DPO run that saves checkpoints and its model, and one that saves its state as well.

    Ten pairs differ only behind ``max_length``, so that truncation makes them equal.
    """
    import torch
    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
    from trl import DPOConfig, DPOTrainer

    words = ["[PAD]", "[EOS]", "[UNK]", *(f"w{k}" for k in range(60))]
    plain = Tokenizer(models.WordLevel({w: k for k, w in enumerate(words)}, unk_token="[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=plain, pad_token="[PAD]", eos_token="[EOS]", unk_token="[UNK]"
    )
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=len(words), n_positions=64, n_embd=16, n_layer=1, n_head=2)
    GPT2LMHeadModel(config).save_pretrained(folder / "tiny")
    head = " ".join(f"w{k}" for k in range(30))
    early = [{"prompt": "w1", "chosen": f" w3 w{k}", "rejected": f" w5 w{k}"} for k in range(10)]
    late = [{"prompt": "w1", "chosen": f" {head} w3", "rejected": f" {head} w5"}] * 10
    for name in ("checkpoints", "state"):
        trainer = DPOTrainer(
            model=GPT2LMHeadModel.from_pretrained(folder / "tiny"),
            args=DPOConfig(
                output_dir=str(folder / "out" / name), per_device_train_batch_size=5,
                num_train_epochs=2, eval_strategy="epoch", save_strategy="epoch", logging_steps=2,
                max_length=16, report_to="none", use_cpu=True, seed=3,
            ),
            train_dataset=Dataset.from_list(early + late),
            eval_dataset=Dataset.from_list(late),
            processing_class=tokenizer,
        )  # fmt: skip
        trainer.train()
        trainer.save_model()
        if name == "state":
            trainer.save_state()
        (folder / "out" / name / "run.yaml").write_text("data:\n  n_crowd: 300\n  seed: 4\n")


if __name__ == "__main__":
    place = Path(sys.argv[2])
    place.mkdir(parents=True, exist_ok=True)
    writers = (mlflow, trackio, wandb, tensorboard, inspect_ai, lm_eval, tinker, verl, trl)
    {writer.__name__: writer for writer in writers}[sys.argv[1]](place)
