"""Schemes that change weights: they learn, they are what they say, and refuse in one line."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from conftest import cannot
from small import noisy_source, preference_rows, recorded_sources, vote_files, write_jsonl

from suffice.curve import Curve, Tranche
from suffice.demand import Embedded, load_scheme
from suffice.errors import InputError, MissingError
from suffice.labels.kinds import COMPARISON
from suffice.pools import preference_pool, vote_pool
from suffice.progress import SilentProgress

needs_torch = pytest.mark.torch
NO_FEATURES = np.empty((0, 0), dtype=np.float32)


def answers(found):
    """Answers of trained models on the evaluation tasks, in {0, .5, 1} [run, task]."""
    return COMPARISON.likeliest(found.predictions.odds)


@pytest.fixture(scope="module")
def preferences(tmp_path_factory):
    """Pairs of answers, 140 of them to train on."""
    folder = tmp_path_factory.mktemp("preferences")
    rows = preference_rows(200)
    return preference_pool(
        {"vendor": write_jsonl(folder / "vendor.jsonl", rows)},
        write_jsonl(folder / "gold.jsonl", rows[:60]),
        group="prompt",
        slice_by=None,
        seed=0,
        progress=SilentProgress(),
    )


@pytest.fixture(scope="module")
def votes(tmp_path_factory):
    """Single texts of two classes."""
    folder = tmp_path_factory.mktemp("votes")
    vote_files(folder)
    labels = {name: folder / f"{name}.csv" for name in ("crowd", "experts")}
    return vote_pool(
        labels, folder / "items.csv", folder / "gold.csv", classes=["no", "yes"], slice_by="topic",
        seed=0, progress=SilentProgress(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def tiny(packaged_data, tmp_path_factory):
    """Folders of a small encoder and a small language model with fresh weights."""
    import torch
    import transformers
    from tokenizers import Tokenizer

    words = Tokenizer.from_file(str(packaged_data["minilm-l6"] / "tokenizer.json"))
    words.no_padding()
    words.no_truncation()
    # Without marks around every text, two libraries cannot differ in how they set them.
    words.post_processor = None
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    models = {
        "encoder": transformers.BertModel(
            transformers.BertConfig(vocab_size=30522, intermediate_size=64, **shape)
        ),
        "causal": transformers.GPT2LMHeadModel(
            transformers.GPT2Config(
                vocab_size=30522, n_embd=32, n_layer=2, n_head=2, n_positions=64,
                bos_token_id=101, eos_token_id=102,
            )
        ),
    }  # fmt: skip
    folders = {}
    for name, model in models.items():
        folders[name] = tmp_path_factory.mktemp(name)
        model.save_pretrained(folders[name])
        transformers.PreTrainedTokenizerFast(
            tokenizer_object=words, eos_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]"
        ).save_pretrained(folders[name])
    return {name: f"hf:{folder}" for name, folder in folders.items()}


def trained(pool, scheme, model, *tranches, seeds=(0,)):
    """Runs of a curve of recorded labels."""
    sources = recorded_sources(pool, {t.source: 1.0 for t in tranches})
    curve = Curve(tranches).resolve(sources, np.random.default_rng(0))
    return scheme.train(pool, Embedded(model, "", NO_FEATURES), curve, seeds)


@needs_torch
@pytest.mark.parametrize("name", ["finetune", "lora"])
def test_a_pretrained_encoder_learns(packaged_data, votes, name):
    """One layer of a real encoder learns which words are kind, from labels that are mostly right;
    the same seed gives the same run, another seed another."""
    scheme = load_scheme(name)
    runs = trained(votes, scheme, "minilm-l6@1", Tranche("experts", 120), seeds=(0, 1))
    assert runs.metrics[:, 0].max() < 0.2
    again = trained(votes, scheme, "minilm-l6@1", Tranche("experts", 120), seeds=(1,))
    np.testing.assert_array_equal(answers(again)[0], answers(runs)[1])


@needs_torch
def test_lora_leaves_the_encoder_alone(tiny):
    """Only the adapter and the head can change."""
    from suffice.demand.schemes._torch_training import adapt, trainable_weights
    from suffice.demand.schemes._trainable import load_trainable

    model = load_trainable(tiny["encoder"], causal=False)
    whole = sum(w.numel() for w in trainable_weights(model.module))
    adapt(model, 4)
    names = [n for n, w in model.module.named_parameters() if w.requires_grad]
    assert names
    assert all("lora" in n for n in names)
    assert sum(w.numel() for w in trainable_weights(model.module)) < 0.05 * whole


@needs_torch
@pytest.mark.parametrize("name", ["finetune", "dpo"])
def test_no_labels_no_answers(tiny, preferences, name):
    """Without labels every comparison is a tie."""
    model = tiny["encoder" if name == "finetune" else "causal"]
    scheme = load_scheme(name)
    runs = trained(preferences, scheme, model, Tranche("vendor", 0))
    assert (answers(runs) == 0.5).all()


@needs_torch
def test_rounds_are_trained_in_order(tiny, preferences):
    """A last round of right labels counts for more than a first one of them."""
    sources = {
        "right": noisy_source("right", 0.0, 1.0),
        "wrong": noisy_source("wrong", 1.0, 1.0),
    }
    # Synthetic channels draw from the truth, which only the evaluation tasks have.
    pool = _OnGold(preferences)
    scheme = load_scheme("finetune", learning_rate=1e-3)
    errors = []
    for order in (("wrong", "right"), ("right", "wrong")):
        tranches = tuple(Tranche(s, 60, round=k) for k, s in enumerate(order, start=1))
        curve = Curve(tranches).resolve(sources, np.random.default_rng(0))
        model = Embedded(tiny["encoder"], "", NO_FEATURES)
        errors.append(scheme.train(pool, model, curve, (0, 1)).metrics[:, 0].mean())
    assert errors[0] < 0.3 < 0.7 < errors[1]


class _OnGold:
    """A pool that trains on its own evaluation, to have the truth at hand."""

    def __init__(self, pool):
        self._pool = pool
        self.held_out = np.zeros_like(pool.held_out)

    def __getattr__(self, name):
        return getattr(self._pool, name)

    def draw_tasks(self, n, rng, *, source, where=()):
        tasks = self._pool.evaluation.tasks
        return tasks.take(rng.integers(len(tasks), size=n))


@needs_torch
def test_dpo_learns_and_the_order_of_two_answers_does_not_matter(tiny, preferences):
    """A language model comes to prefer the kind answers; swapped pairs give the swapped answer."""
    scheme = load_scheme("dpo", learning_rate=3e-3)
    runs = trained(preferences, scheme, tiny["causal"], Tranche("vendor", 100))
    assert runs.metrics[0, 0] < 0.1
    tasks = preferences.evaluation.tasks
    swapped = _Swapped(preferences)
    turned = trained(swapped, scheme, tiny["causal"], Tranche("vendor", 100))
    np.testing.assert_array_equal(answers(turned), 1.0 - answers(runs))
    assert len(tasks) == 60


class _Swapped:
    """The same pool with the two items of every evaluation task swapped."""

    def __init__(self, pool):
        from dataclasses import replace

        self._pool = pool
        self.evaluation = replace(pool.evaluation, tasks=pool.evaluation.tasks.swap())

    def __getattr__(self, name):
        return getattr(self._pool, name)


@needs_torch
@pytest.mark.filterwarnings("default")
def test_dpo_loss_is_that_of_trl(tiny, tmp_path):
    """For a policy that has left its reference, the loss of a batch is TRL's."""
    if importlib.util.find_spec("trl") is None:
        cannot("trl is not installed: pip install trl")
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    from suffice.demand.schemes._dpo import log_probability

    folder = tiny["causal"].removeprefix("hf:")
    rows = preference_rows(6)
    reference = AutoModelForCausalLM.from_pretrained(folder).eval()
    policy = AutoModelForCausalLM.from_pretrained(folder).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for weights in policy.parameters():
            weights.add_(0.05 * torch.randn_like(weights))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    trainer = DPOTrainer(
        policy,
        ref_model=reference,
        args=DPOConfig(
            output_dir=str(tmp_path), per_device_train_batch_size=6, beta=0.3, report_to=[],
            use_cpu=True, max_length=None, gradient_checkpointing=False,
        ),
        train_dataset=Dataset.from_list(
            [{"prompt": f"{r['prompt']}\n\n", "chosen": r["chosen"], "rejected": r["rejected"]}
             for r in rows]
        ),
        processing_class=tokenizer,
    )  # fmt: skip
    batch = next(iter(trainer.get_train_dataloader()))
    theirs = trainer.compute_loss(trainer.model.eval(), batch)

    margins = torch.zeros(len(rows))
    for sign, key in ((1.0, "chosen"), (-1.0, "rejected")):
        questions = tokenizer([f"{r['prompt']}\n\n" for r in rows])["input_ids"]
        answers = tokenizer([r[key] for r in rows])["input_ids"]
        ids = [q + a + [tokenizer.eos_token_id] for q, a in zip(questions, answers, strict=True)]
        starts = [len(q) for q in questions]
        now, before = (
            log_probability(torch, m, ids, starts, tokenizer.pad_token_id)
            for m in (policy, reference)
        )
        margins = margins + sign * 0.3 * (now - before)
    ours = -torch.nn.functional.logsigmoid(margins).mean()
    assert abs(float(ours) - np.log(2.0)) > 0.01
    assert float(ours) == pytest.approx(float(theirs), abs=1e-5)


@needs_torch
def test_a_real_language_model_takes_a_step(preferences):
    """SmolLM2 loads from its packaged 4-bit weights, and a few comparisons move it."""
    from suffice.fetch import fetch

    fetch("smollm2-135m")
    scheme = load_scheme("dpo", batch=8, least_steps=3, learning_rate=2e-4, rank=4)
    runs = trained(preferences, scheme, "smollm2-135m", Tranche("vendor", 24))
    assert runs.metrics[0, 0] < 0.5


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("probe", {"epochs": 3}, "scheme probe has no setting 'epochs'"),
        ("finetune", {"rank": 3}, "scheme finetune has no setting 'rank'"),
        ("lora", {"beta": 0.1}, "scheme lora has no setting 'beta'"),
        ("rl", {}, "there is no scheme 'rl'"),
    ],
)
def test_settings_that_a_scheme_has_not(name, settings, words):
    """A setting that would do nothing is refused."""
    with pytest.raises(InputError, match=words):
        load_scheme(name, **settings)


def test_what_a_scheme_does_not_take(votes, preferences):
    """Tasks and models of the wrong kind are refused in one line, before anything is loaded."""
    with pytest.raises(InputError, match="dpo takes preferences, and this study has two"):
        load_scheme("dpo").check(votes, "smollm2-135m")
    with pytest.raises(InputError, match="'glove-50d' is not an encoder"):
        load_scheme("finetune").check(votes, "glove-50d")
    with pytest.raises(InputError, match="'minilm-l6' is not a causal language model"):
        load_scheme("dpo").check(preferences, "minilm-l6")


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_the_remedy_is_named(preferences):
    """Without the extra, training weights says what to install."""
    with pytest.raises(MissingError, match=r"pip install 'suffice\[torch\]'"):
        load_scheme("lora").check(preferences, "minilm-l6")
