"""Encoders against independent arithmetic, by name, and with bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from toy_models import Told, spell, toy_model

from suffice.demand.models._bert_onnx import bert_parameters, build_bert
from suffice.demand.models._embed import embed_cached
from suffice.demand.models._encoders import MAX_TOKENS, OnnxEncoder
from suffice.demand.models._models import list_models, load_model
from suffice.errors import InputError, MissingError

TEXTS = [
    "The cat sat on the mat.",
    "A cat was sitting on a mat.",
    "Interest rates rose by half a point, and the bank's shares fell.",
    "don't   stop!!! ... 3.5 naïve café",
    "",
    "word " * 400,
]
NEURAL = ["minilm-l3", "minilm-l6", "minilm-l6@2"]


@pytest.fixture(scope="session")
def weights(packaged_data):
    """All packaged weights are at hand."""
    return packaged_data


# ---- encoders


def bert_by_hand(weights: Path, ids: list[int], depth: int) -> np.ndarray:
    """The encoder written out in numpy for one text, from the model's definition."""
    from math import erf

    from safetensors.numpy import load_file

    w = {k: v.astype(np.float64) for k, v in load_file(weights / "model.safetensors").items()}
    config = json.loads((weights / "config.json").read_text())
    heads = config["num_attention_heads"]
    gelu = np.vectorize(lambda v: v * 0.5 * (1 + erf(v / 2**0.5)))

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]

    def dense(x, name):
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    x = w["embeddings.word_embeddings.weight"][ids]
    x = x + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(depth):
        at = f"encoder.layer.{layer}"
        q, k, v = (
            np.stack(np.split(dense(x, f"{at}.attention.self.{part}"), heads, axis=1))
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = np.concatenate(list(scores / scores.sum(-1, keepdims=True) @ v), axis=1)
        attended = dense(mixed, f"{at}.attention.output.dense")
        x = norm(x + attended, f"{at}.attention.output.LayerNorm")
        wide = gelu(dense(x, f"{at}.intermediate.dense"))
        x = norm(x + dense(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize("depth", [1, 2, 6])
def test_graph_equals_the_definition(weights, depth):
    """The graph that is built gives what the encoder's definition, in float64, gives."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights["minilm-l6"] / "tokenizer.json"))
    tokenizer.no_padding()
    got = load_model(f"minilm-l6@{depth}").embed(TEXTS[:4])
    for row, text in enumerate(TEXTS[:4]):
        want = bert_by_hand(weights["minilm-l6"], tokenizer.encode(text).ids, depth)
        np.testing.assert_allclose(got[row], want, atol=2e-6)


@pytest.mark.torch
def test_graph_equals_torch(weights, capsys):
    """The graph that is built gives what torch gives from the same weights."""
    from suffice.demand.models._hf_models import TorchEncoder

    torch_model = TorchEncoder("hf:l6", str(weights["minilm-l6"]), 1)
    difference = np.abs(torch_model.embed(TEXTS) - load_model("minilm-l6").embed(TEXTS)).max()
    with capsys.disabled():
        print(f"\nlargest difference between torch and the built graph: {difference:.1e}")
    assert difference < 2e-6


def test_packaged_graph_pools_the_real_tokens(weights):
    """The output used of the packaged graph is the mean of its token states, padding left out."""
    import onnxruntime
    from tokenizers import Tokenizer

    session = onnxruntime.InferenceSession(str(weights["minilm-l3"] / "model.onnx"))
    tokenizer = Tokenizer.from_file(str(weights["minilm-l6"] / "tokenizer.json"))
    tokenizer.no_padding()
    ids = tokenizer.encode(TEXTS[2]).ids
    fed = {
        "input_ids": np.asarray([ids + [0] * 7]),
        "attention_mask": np.asarray([[1] * len(ids) + [0] * 7]),
    }
    (states,) = (out for out in session.run(None, fed) if out.ndim == 3)
    mean = states[0, : len(ids)].mean(axis=0)
    got = load_model("minilm-l3").embed([TEXTS[2]])[0]
    np.testing.assert_allclose(got, mean / np.linalg.norm(mean), atol=1e-5)


@pytest.mark.parametrize("name", NEURAL)
def test_rows_are_unit_length_and_do_not_depend_on_company(weights, name):
    """A text's vector has length 1 and is the same alone, in a batch, and on any threads."""
    model = load_model(name)
    together = model.embed(TEXTS * 4)
    assert together.dtype == np.float32
    assert together.shape == (len(TEXTS) * 4, model.dim)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    single = load_model(name, threads=1)
    alone = np.concatenate([single.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(together, np.tile(alone, (4, 1)), atol=1e-5)


@pytest.mark.parametrize("name", ["glove-50d", *NEURAL])
def test_like_texts_are_close(weights, name):
    """A paraphrase is closer than another subject."""
    near, close, far = load_model(name).embed(TEXTS[:3])
    assert near @ close > near @ far + 0.05


def test_deeper_encoders_are_larger_and_differ(weights):
    """The family of depths has one size axis, and each member its own fingerprint."""
    models = [load_model(f"minilm-l6@{depth}") for depth in range(1, 7)]
    sizes = [model.parameters for model in models]
    assert sizes == sorted(set(sizes))
    assert len({model.fingerprint for model in models}) == 6
    assert models[-1].name == "minilm-l6"
    config = json.loads((weights["minilm-l6"] / "config.json").read_text())
    assert sizes == [bert_parameters(config, depth) for depth in range(1, 7)]


def test_long_texts_are_cut_and_counted(weights):
    """Text beyond the last token read changes nothing, and how many were cut is said."""
    told = Told()
    long, longer, fits = load_model("minilm-l3").embed(
        ["word " * 400, "word " * 400 + "terrible", "word " * (MAX_TOKENS - 2)], told
    )
    np.testing.assert_allclose(long, longer, atol=1e-6)
    np.testing.assert_allclose(long, fits, atol=1e-6)
    assert told.notes == [
        "minilm-l3: 2 of 3 texts are longer than the model reads: their ends were left out"
    ]
    assert told.units == 3


def test_huge_text_costs_little(weights):
    """A text of five megabytes is cut before it is tokenized."""
    model = load_model("minilm-l6@1")
    model.embed(["warm"])
    start = time.perf_counter()
    model.embed(["a b c " * 1_000_000])
    assert time.perf_counter() - start < 2


def test_word_vectors_are_means_of_words(tmp_path):
    """Lower case, signs apart, unknown words left out, unit length; nothing known gives zeros."""
    model = toy_model(tmp_path)
    table = np.load(tmp_path / "vectors.npy")
    told = Told()
    got = model.embed([f"{spell(1).upper()}, {spell(2)} zzz", "zzz", ""], told)
    mean = table[[1, 2]].mean(axis=0)
    np.testing.assert_allclose(got[0], mean / np.linalg.norm(mean), atol=1e-6)
    assert not got[1:].any()
    assert told.notes == [
        "toy: 2 of 3 texts hold no word that the model knows: their vectors are zero"
    ]


def test_word_vectors_split_as_their_corpus_was(weights):
    """Contractions, figures and possessives are found as the words that GloVe knows."""
    import polars as pl

    from suffice.demand.models._encoders import _word_rows

    words = pl.read_parquet(weights["glove-50d"] / "words.parquet").to_series(0).to_list()
    row_of = {word: row for row, word in enumerate(words)}
    rows = _word_rows("Don't stop: it\N{RIGHT SINGLE QUOTATION MARK}s 3.5, they'll say,:", row_of)
    got = [words[row] for row in rows]
    assert got == ["do", "n't", "stop", ":", "it", "'s", "3.5", ",", "they", "'ll", "say", ",", ":"]


def test_bad_texts_are_named(tmp_path):
    """What is no string is named with its place; half characters are mended and counted."""
    model = toy_model(tmp_path)
    with pytest.raises(InputError, match=r"texts\[1\]: a text must be a string, not float"):
        model.embed(["fine", float("nan")])
    with pytest.raises(InputError, match="a single text"):
        model.embed("one")
    told = Told()
    model.embed(["\ud800 broken", "fine"], told)
    assert told.notes[0] == "1 of 2 texts hold broken characters, read as '?'"


def test_no_texts_give_no_rows(weights, tmp_path, monkeypatch):
    """An empty list is not an error."""
    (tmp_path / "packages").symlink_to(weights["minilm-l6"].parent)
    monkeypatch.setenv("SUFFICE_CACHE", str(tmp_path))
    for name in ("glove-50d", "minilm-l6@1"):
        assert load_model(name).embed([]).shape == (0, load_model(name).dim)
        assert embed_cached(load_model(name), []).shape == (0, load_model(name).dim)


# ---- names


def test_list_says_what_there_is(weights):
    """Every listed model loads, and says of itself what the list says."""
    for info in list_models():
        model = load_model(info.name)
        assert (model.name, model.dim, model.parameters, model.about) == (
            info.name,
            info.dim,
            info.parameters,
            info.about,
        )
        assert info.cached


@pytest.mark.parametrize(
    ("name", "close"), [("minilm-16", "minilm-l6"), ("glove", "glove-50d"), ("L3", "there are")]
)
def test_unknown_model_suggests_the_closest(name, close):
    """A mistyped name gets the closest one."""
    with pytest.raises(InputError, match=f"there is no model '{name}'.*{close}"):
        load_model(name)


@pytest.mark.parametrize("depth", ["0", "7", "x"])
def test_depth_outside_the_model(depth):
    """A depth the encoder does not have is an input error."""
    with pytest.raises(InputError, match="there is no model"):
        load_model(f"minilm-l6@{depth}")


def test_threads_must_be_positive():
    """No threads, no work."""
    with pytest.raises(InputError, match="0 threads"):
        load_model("minilm-l6", threads=0)


def test_graph_that_is_damaged(tmp_path, weights):
    """A graph that ONNX Runtime refuses is one line."""
    (tmp_path / "model.onnx").write_bytes(b"not a graph")
    files = tmp_path / "model.onnx", weights["minilm-l6"] / "tokenizer.json"
    model = OnnxEncoder("bad", "bad", 3, 3, "bad", lambda p: files, output="x", threads=1)
    with pytest.raises(MissingError, match="model bad cannot be loaded") as caught:
        model.embed(["text"])
    assert "\n" not in str(caught.value)


def test_other_architectures_are_not_built(weights):
    """What the builder does not know it refuses, rather than building something else."""
    config = json.loads((weights["minilm-l6"] / "config.json").read_text())
    path = weights["minilm-l6"] / "model.safetensors"
    for change in ({"model_type": "mpnet"}, {"hidden_act": "relu"}):
        with pytest.raises(ValueError, match="only BERT"):
            build_bert(path, config | change)
    with pytest.raises(ValueError, match="absolute positions"):
        build_bert(path, config | {"position_embedding_type": "relative_key"})
    for depth in (0, 7):
        with pytest.raises(ValueError, match="outside"):
            build_bert(path, config, depth)


def test_local_bert_folder_needs_no_torch(weights):
    """A folder with a BERT encoder's files gives what the packaged model gives."""
    local = load_model(f"hf:{weights['minilm-l6']}")
    packaged = load_model("minilm-l6")
    assert isinstance(local, OnnxEncoder)
    assert local.parameters == packaged.parameters
    np.testing.assert_array_equal(local.embed(TEXTS[:3]), packaged.embed(TEXTS[:3]))


def test_half_precision_weights_are_read(weights, tmp_path):
    """float16 weights are widened: the vectors hardly move."""
    from safetensors.numpy import load_file, save_file

    source = weights["minilm-l6"]
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    tensors = load_file(source / "model.safetensors")
    halves = {k: v.astype(np.float16) if v.dtype.kind == "f" else v for k, v in tensors.items()}
    save_file(halves, tmp_path / "model.safetensors")
    half, whole = load_model(f"hf:{tmp_path}"), load_model("minilm-l6")
    assert half.fingerprint != whole.fingerprint
    np.testing.assert_allclose(half.embed(TEXTS[:3]), whole.embed(TEXTS[:3]), atol=2e-3)


def test_missing_local_folder():
    """A path that is not there is an input error, not a network request."""
    with pytest.raises(InputError, match=r"there is no folder './nowhere'"):
        load_model("hf:./nowhere")


@pytest.mark.parametrize("damage", ["cut", "no weights"])
def test_local_folder_that_cannot_be_loaded(weights, tmp_path, damage, monkeypatch):
    """Damaged or missing weights are one line, with torch and without."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((weights["minilm-l6"] / name).read_bytes())
    if damage == "cut":
        content = (weights["minilm-l6"] / "model.safetensors").read_bytes()[:100_000]
        (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(MissingError) as caught:
        load_model(f"hf:{tmp_path}")
    assert "\n" not in str(caught.value)
    assert "suffice[torch]" in str(caught.value) or "cannot be loaded" in str(caught.value)


def test_hub_name_without_torch_names_the_extra(tmp_path):
    """Without the extra, one line says how to get it."""
    code = (
        "import sys, importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'torch' else find(name, *rest)\n"
        "from suffice.demand.models._models import load_model\n"
        "from suffice.errors import MissingError\n"
        "try:\n    load_model('hf:some/model')\nexcept MissingError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'suffice[torch]'" in done.stdout
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.torch
def test_any_transformer_runs_with_torch(weights, tmp_path, monkeypatch):
    """A decoder, which has no padding token and no pooled output, gives unit vectors."""
    import transformers

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    config = transformers.GPT2Config(
        vocab_size=30522, n_embd=32, n_layer=2, n_head=2, n_positions=64
    )
    transformers.GPT2Model(config).save_pretrained(tmp_path)
    transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(weights["minilm-l6"] / "tokenizer.json"), eos_token="[SEP]"
    ).save_pretrained(tmp_path)
    model = load_model(f"hf:{tmp_path}")
    told = Told()
    together = model.embed(TEXTS, told)
    assert together.shape == (6, 32)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([model.embed([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    (note,) = told.notes
    assert note.endswith(": 1 of 6 texts are longer than the model reads: their ends were left out")
    assert load_model(f"hf:{tmp_path}").fingerprint == model.fingerprint


@pytest.mark.torch
def test_hub_name_that_cannot_be_reached(monkeypatch, tmp_path):
    """A name that is neither cached nor reachable is one line."""
    code = (
        "from suffice.demand.models._models import load_model\n"
        "from suffice.errors import MissingError\n"
        "try:\n    load_model('hf:nobody/nothing')\n"
        "except MissingError as error:\n    print(error)\n"
    )
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert "hf:nobody/nothing cannot be loaded" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_heavy_libraries_are_imported_late():
    """Listing and naming models loads no runtime."""
    code = (
        "import sys\nfrom suffice.demand.models._models import list_models, load_model\n"
        "list_models(); load_model('minilm-l6')\n"
        "heavy = {'onnx', 'onnxruntime', 'tokenizers', 'torch', 'transformers', 'pyarrow'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
