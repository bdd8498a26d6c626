#!/usr/bin/env bash
# inspect-ai 0.3.285: total_samples of a log counts samples times epochs, and its score does not.
#
# Expected: results.total_samples is the n behind the score, for a standard error or a test.
# Seen: 12 samples in 3 epochs give total_samples and completed_samples of 36, while the score is a
#   mean over 12 (scored_samples), each the mean of its epochs. Epochs of one sample are not
#   independent, so that 36 overstates what the score rests on.
# Output seen: total 36, completed 36, scored 12
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check inspect-ai==0.3.285
cat >check.py <<'CHECK'
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import match
from inspect_ai.solver import solver


@solver
def answer():
    async def solve(state, generate):
        right = (int(state.sample_id) + state.epoch) % 3 and int(state.sample_id) % 4
        state.output = ModelOutput.from_content("none", "yes" if right else "no")
        return state

    return solve


samples = [Sample(input=f"q{k}", target="yes") for k in range(12)]
task = Task(dataset=samples, solver=answer(), scorer=match())
log = eval(task, model="mockllm/model", epochs=3, log_dir="logs", display="none")[0]
score = log.results.scores[0]
found = log.results
print(f"total {found.total_samples}, completed {found.completed_samples}, scored {score.scored_samples}")
assert log.results.total_samples == log.results.completed_samples == 36
assert score.scored_samples == 12
CHECK
HOME="$folder" venv/bin/python check.py
