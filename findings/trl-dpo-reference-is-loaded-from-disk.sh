#!/usr/bin/env bash
# TRL 1.16.0 (transformers 5.24.0): DPO's reference is loaded from disk, not taken from the model.
#
# Expected: without ref_model the reference is the model that was handed over, so that before
#   training all rewards are 0 and the loss is log 2, as its documentation puts it: a reference is
#   made from the initial model.
# Seen: the reference is loaded again by the name that the model came from. A model that was changed
#   in memory (merged weights, resized or averaged ones) is measured against weights that it never had:
#   rewards are not 0 before the first step.
# Output seen: rewards before training: unchanged 0.0000, changed -0.0402 (the second varies)
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
def before(model):
    trainer = DPOTrainer(
        model=model, args=DPOConfig(output_dir="dpo", **common),
        train_dataset=Dataset.from_list(early), eval_dataset=Dataset.from_list(early),
        processing_class=tokenizer,
    )
    return trainer.evaluate()["eval_rewards/chosen"]


unchanged = before(GPT2LMHeadModel.from_pretrained("tiny"))
model = GPT2LMHeadModel.from_pretrained("tiny")
with torch.no_grad():
    for weights in model.parameters():
        weights.add_(0.5 * torch.randn_like(weights))
changed = before(model)
print(f"rewards before training: unchanged {unchanged:.4f}, changed {changed:.4f}")
assert abs(unchanged) < 1e-3
assert abs(changed) > 1e-2
CHECK
HF_HUB_OFFLINE=1 HOME="$folder" venv/bin/python check.py
