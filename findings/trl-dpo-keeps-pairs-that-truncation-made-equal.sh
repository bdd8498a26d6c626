#!/usr/bin/env bash
# TRL 1.16.0 (transformers 5.24.0): DPO keeps pairs that truncation made equal, and scores them 0.
#
# Expected: pairs whose answers are the same tokens after max_length are dropped by DPOTrainer as
#   RewardTrainer drops them, or are warned of.
# Seen: of 20 pairs, ten of which differ only behind max_length, the reward trainer trains on 10
#   and DPO on 20. On the ten equal ones DPO reports rewards/accuracies 0.0 and a loss of log 2: a tie
#   counts as lost, so that the accuracy falls by the share of long pairs.
# Output seen: rows: reward 10, dpo 20; dpo accuracy on equal pairs: 0.0
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
rows = Dataset.from_list(early + late)
reward = RewardTrainer(
    model=GPT2ForSequenceClassification.from_pretrained("tiny", num_labels=1),
    args=RewardConfig(output_dir="reward", max_length=16, **common),
    train_dataset=rows, processing_class=tokenizer,
)
dpo = DPOTrainer(
    model=GPT2LMHeadModel.from_pretrained("tiny"),
    args=DPOConfig(output_dir="dpo", max_length=16, **common),
    train_dataset=rows, eval_dataset=Dataset.from_list(late), processing_class=tokenizer,
)
accuracy = dpo.evaluate()["eval_rewards/accuracies"]
print(f"rows: reward {len(reward.train_dataset)}, dpo {len(dpo.train_dataset)}; "
      f"dpo accuracy on equal pairs: {accuracy}")
assert len(reward.train_dataset) == 10
assert len(dpo.train_dataset) == 20
assert accuracy == 0.0
CHECK
HF_HUB_OFFLINE=1 HOME="$folder" venv/bin/python check.py
