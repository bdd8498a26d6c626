#!/usr/bin/env bash
# TRL 1.16.0 (transformers 5.24.0): a saved model has no metrics beside it.
#
# Expected: after train() and save_model(), as in TRL's examples, the output folder holds the metrics of
#   the run.
# Seen: trainer_state.json lies in the checkpoints alone, each as far as its step, and the summary of
#   training (train_loss, train_runtime), logged after the last checkpoint, is nowhere on disk. With
#   save_strategy="no" nothing is kept. save_state() writes them; save_model() does not call it.
# Output seen: in the folder: False, in the last checkpoint: True, with train_loss: False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    torch==2.13.0 transformers==5.24.0 trl==1.16.0 accelerate==1.15.0 datasets==5.2.0
cat >check.py <<'CHECK'
import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
)
from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer

words = ["[PAD]", "[EOS]", "[UNK]", *(f"w{k}" for k in range(60))]
plain = Tokenizer(models.WordLevel({w: k for k, w in enumerate(words)}, unk_token="[UNK]"))
plain.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=plain, pad_token="[PAD]", eos_token="[EOS]", unk_token="[UNK]"
)
torch.manual_seed(0)
config = GPT2Config(vocab_size=len(words), n_positions=64, n_embd=16, n_layer=1, n_head=2,
                    pad_token_id=0, eos_token_id=1, bos_token_id=1)
GPT2LMHeadModel(config).save_pretrained("tiny")
tokenizer.save_pretrained("tiny")
head = " ".join(f"w{k}" for k in range(30))
early = [{"prompt": "w1", "chosen": f" w3 w{k}", "rejected": f" w5 w{k}"} for k in range(10)]
late = [{"prompt": "w1", "chosen": f" {head} w3", "rejected": f" {head} w5"}] * 10
common = dict(per_device_train_batch_size=5, num_train_epochs=1, report_to="none", use_cpu=True)
import json
import pathlib

trainer = DPOTrainer(
    model=GPT2LMHeadModel.from_pretrained("tiny"),
    args=DPOConfig(output_dir="dpo", save_strategy="epoch", **common),
    train_dataset=Dataset.from_list(early), processing_class=tokenizer,
)
trainer.train()
trainer.save_model()
folder = pathlib.Path("dpo")
(state,) = folder.glob("checkpoint-*/trainer_state.json")
history = json.loads(state.read_text())["log_history"]
summary = any("train_loss" in row for row in history)
top = (folder / "trainer_state.json").exists()
print(f"in the folder: {top}, in the last checkpoint: {state.exists()}, with train_loss: {summary}")
assert (folder / "model.safetensors").exists()
assert not top
assert not summary
assert any("train_loss" in row for row in trainer.state.log_history)
CHECK
HF_HUB_OFFLINE=1 HOME="$folder" venv/bin/python check.py
