"""A BERT encoder's ONNX graph, built from its safetensors file, cut to any depth.

Packages ship weights far more often than they ship ONNX graphs. Building the graph here needs
neither torch nor an exporter, and the depth is free: the first ``k`` layers of one encoder form a
family whose members differ in size alone, not in how they were pretrained.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPSET = 17
"""Of ONNX: the first with layer normalisation as one operation."""

_MASKED = -1e9
"""Score of a token that is not there: nothing is left of it after a softmax. A convention."""

_SQRT_2 = float(np.sqrt(2.0))


class _Graph:
    """Collects nodes and weights; each method appends one operation and returns its output name."""

    def __init__(self) -> None:
        from onnx import helper

        self._helper = helper
        self.nodes: list[Any] = []
        self.weights: dict[str, NDArray[np.generic]] = {}

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401 - as in ONNX
        output = f"v{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def weight(self, name: str, values: NDArray[np.generic]) -> str:
        self.weights[name] = values
        return name

    def scalar(self, value: float) -> str:
        return self.weight(f"c{value!r}", np.asarray(value, dtype=np.float32))

    def linear(self, x: str, name: str, tensors: dict[str, NDArray[np.float32]]) -> str:
        kernel = self.weight(f"{name}.kernel", np.ascontiguousarray(tensors[f"{name}.weight"].T))
        bias = self.weight(f"{name}.bias", tensors[f"{name}.bias"])
        return self.op("Add", self.op("MatMul", x, kernel), bias)

    def layer_norm(
        self, x: str, name: str, tensors: dict[str, NDArray[np.float32]], eps: float
    ) -> str:
        scale = self.weight(f"{name}.weight", tensors[f"{name}.weight"])
        bias = self.weight(f"{name}.bias", tensors[f"{name}.bias"])
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=eps)

    def heads(self, x: str, shape: str, *, transposed: bool = False) -> str:
        """[batch, tokens, hidden] -> [batch, heads, tokens, size], or its last two axes swapped."""
        order = [0, 2, 3, 1] if transposed else [0, 2, 1, 3]
        return self.op("Transpose", self.op("Reshape", x, shape), perm=order)


def bert_parameters(config: dict[str, object], depth: int | None = None) -> int:
    """How many weights the first ``depth`` layers use, with the tables below them."""
    keys = ("vocab_size", "max_position_embeddings", "type_vocab_size", "hidden_size")
    words, positions, segments, hidden = (int(str(config[key])) for key in keys)
    wide = int(str(config["intermediate_size"]))
    layers = int(str(config["num_hidden_layers"])) if depth is None else depth
    tables = (words + positions + segments + 2) * hidden
    attention = 4 * hidden * (hidden + 1) + 2 * hidden
    feed_forward = hidden * wide + wide + wide * hidden + hidden + 2 * hidden
    return tables + layers * (attention + feed_forward)


def build_bert(weights: Path, config: dict[str, object], depth: int | None = None) -> bytes:
    """Serialise an encoder that returns mean-pooled, unit-length sentence vectors.

    Args:
        weights: a safetensors file of a ``BertModel``.
        config: the model's ``config.json``, read.
        depth: keep the first ``depth`` layers; ``None`` keeps all.

    Returns:
        A serialised ONNX model with int64 inputs ``input_ids`` and ``attention_mask``
        [batch, tokens] and one float32 output ``embedding`` [batch, hidden].

    Raises:
        ValueError: the configuration is not that of a BERT encoder, or is shallower than
            ``depth``, or the weights cannot be read.
        KeyError: the configuration or the weights lack something.
    """
    from onnx import TensorProto, helper, numpy_helper
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
        raise ValueError("only BERT encoders with exact GELU are built here")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise ValueError("only BERT encoders with absolute positions are built here")
    layers = int(str(config["num_hidden_layers"]))
    if depth is not None and not 1 <= depth <= layers:
        raise ValueError(f"depth {depth} is outside 1..{layers}")
    hidden = int(str(config["hidden_size"]))
    n_heads = int(str(config["num_attention_heads"]))
    eps = float(str(config["layer_norm_eps"]))
    size = hidden // n_heads
    try:
        t = {k.removeprefix("bert."): v.astype(np.float32) for k, v in load_file(weights).items()}
    except (SafetensorError, TypeError) as error:
        raise ValueError(f"{weights} cannot be read: {error}") from error

    g = _Graph()
    axis0 = g.weight("axis0", np.asarray([0], dtype=np.int64))
    split = g.weight("split_heads", np.asarray([0, 0, n_heads, size], dtype=np.int64))
    merge = g.weight("merge_heads", np.asarray([0, 0, hidden], dtype=np.int64))

    words = g.op(
        "Gather", g.weight("words", t["embeddings.word_embeddings.weight"]), "input_ids", axis=0
    )
    length = g.op(
        "Gather", g.op("Shape", "input_ids"), g.weight("one", np.asarray(1, np.int64)), axis=0
    )
    stop = g.op("Unsqueeze", length, axis0)
    table = g.weight("positions", t["embeddings.position_embeddings.weight"])
    positions = g.op("Slice", table, axis0, stop, axis0)
    segment = g.weight("segment", t["embeddings.token_type_embeddings.weight"][0])
    x = g.op("Add", g.op("Add", words, positions), segment)
    x = g.layer_norm(x, "embeddings.LayerNorm", t, eps)

    mask = g.op("Cast", "attention_mask", to=TensorProto.FLOAT)
    absent = g.op("Mul", g.op("Sub", g.scalar(1.0), mask), g.scalar(_MASKED))
    absent = g.op("Unsqueeze", absent, g.weight("axes12", np.asarray([1, 2], dtype=np.int64)))
    for i in range(layers if depth is None else depth):
        name = f"encoder.layer.{i}"
        query = g.heads(g.linear(x, f"{name}.attention.self.query", t), split)
        key = g.heads(g.linear(x, f"{name}.attention.self.key", t), split, transposed=True)
        value = g.heads(g.linear(x, f"{name}.attention.self.value", t), split)
        scores = g.op("Mul", g.op("MatMul", query, key), g.scalar(float(size) ** -0.5))
        weights_ = g.op("Softmax", g.op("Add", scores, absent), axis=-1)
        mixed = g.op("Transpose", g.op("MatMul", weights_, value), perm=[0, 2, 1, 3])
        attended = g.linear(g.op("Reshape", mixed, merge), f"{name}.attention.output.dense", t)
        x = g.layer_norm(g.op("Add", x, attended), f"{name}.attention.output.LayerNorm", t, eps)
        wide = g.linear(x, f"{name}.intermediate.dense", t)
        erf = g.op("Erf", g.op("Div", wide, g.scalar(_SQRT_2)))
        gelu = g.op("Mul", g.op("Mul", wide, g.scalar(0.5)), g.op("Add", erf, g.scalar(1.0)))
        narrow = g.linear(gelu, f"{name}.output.dense", t)
        x = g.layer_norm(g.op("Add", x, narrow), f"{name}.output.LayerNorm", t, eps)

    # Mean over real tokens, then unit length: what sentence-transformers does for this family.
    axis1 = g.weight("axis1", np.asarray([1], dtype=np.int64))
    column = g.op("Unsqueeze", mask, g.weight("axis2", np.asarray([2], dtype=np.int64)))
    total = g.op("ReduceSum", g.op("Mul", x, column), axis1, keepdims=0)
    mean = g.op("Div", total, g.op("ReduceSum", column, axis1, keepdims=0))
    norm = g.op("ReduceL2", mean, axes=[1], keepdims=1)
    g.nodes.append(helper.make_node("Div", [mean, norm], ["embedding"]))

    shape = ["batch", "tokens"]
    graph = helper.make_graph(
        g.nodes,
        "bert",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, shape),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, shape),
        ],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", hidden])],
        [numpy_helper.from_array(v, k) for k, v in g.weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 9
    serialised: bytes = model.SerializeToString()
    return serialised
