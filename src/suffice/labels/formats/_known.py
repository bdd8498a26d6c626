"""What ``suffice formats`` lists: every kind of file that is read, what is kept, what is lost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A kind of file.

    Attributes:
        name: what people call it.
        reader: ``NAME`` of the format that reads it.
        kept: what becomes of it: tasks, workers, labels.
        lost: what is left out, or cannot be told from the file.
        target: the ``--to`` of ``suffice convert`` that writes it; empty where none does.
    """

    name: str
    reader: str
    kept: str
    lost: str = ""
    target: str = ""


KNOWN = (
    Known(
        "one row a label",
        "one row a label",
        "task, worker, label; source, slice, time, cost; turns and dimensions as tasks",
        "other columns, which are named",
        "table",
    ),
    Known(
        "one column a worker",
        "one column a worker",
        "each cell a label of the column's worker",
        "empty cells, which are counted",
    ),
    Known(
        "all labels of a task in one cell",
        "all labels of a task in one cell",
        "each entry with a worker and a label, {worker: label}, or two lists side by side",
    ),
    Known(
        "{worker: {task: label}}",
        "one row a label",
        "each entry; there are more tasks than workers",
    ),
    Known(
        "Label Studio JSON",
        "Label Studio",
        "choices, taxonomy, pairwise, ranker, rating, number; ground truth as gold",
        "regions, texts, drafts, predictions, cancelled annotations",
        "label-studio",
    ),
    Known(
        "Label Studio JSON-MIN, CSV",
        "Label Studio",
        "one control; the later annotation counts",
        "ground truth, item_index: the file has neither",
    ),
    Known(
        "Argilla 2 records (flat), datasets",
        "Argilla",
        "submitted responses to one question",
        "drafts, discarded responses, suggestions, ranks where the SDK wrote them",
    ),
    Known(
        "Argilla 2 records (nested), 1.x",
        "Argilla",
        "responses to one question",
        "2.x: which responses are drafts or discarded",
        "argilla",
    ),
    Known("Prodigy", "Prodigy", "accepted options, or accept and reject", "ignored answers, spans"),
    Known(
        "doccano",
        "doccano",
        "classes; the annotator is the file's name, also within a ZIP",
        "spans, texts, comments",
    ),
    Known("Potato", "Potato", "each scheme a question; scales as numbers", "spans, links"),
    Known(
        "Mechanical Turk batch",
        "Mechanical Turk",
        "each form field a question; reward, seconds",
        "rejected assignments",
    ),
    Known(
        "Toloka assignments",
        "Toloka",
        "each output a question; GOLDEN: as gold; reward, seconds",
        "rejected, skipped and expired assignments",
    ),
    Known("SageMaker Ground Truth workers", "SageMaker Ground Truth", "each worker's answers"),
    Known(
        "SageMaker Ground Truth manifest",
        "SageMaker Ground Truth",
        "one consolidated label a task",
        "who gave which answer, boxes",
    ),
    Known(
        "comparisons of items (LMArena, MT-bench)",
        "one row a label",
        "left, right and winner; ties, and both bad apart from them",
        "conversations",
    ),
    Known(
        "MultiPref",
        "MultiPref",
        "model_a, model_b or tie of one aspect; crowd and experts",
        "how clearly one is better",
    ),
    Known(
        "preferences: TRL, Anthropic HH", "preferences", "prompt, chosen, rejected", "scores", "trl"
    ),
    Known(
        "preferences: LLaMA-Factory, ShareGPT",
        "preferences",
        "instruction and input, system, tools, from and value",
        "scores",
    ),
    Known(
        "preferences: UltraFeedback binarized",
        "preferences",
        "the prompt once, though the answers repeat it",
        "scores",
    ),
    Known("preferences: OpenAI", "preferences", "input with its tools, both outputs", "", "openai"),
    Known(
        "preferences: PKU-SafeRLHF",
        "preferences",
        "the better response (--column label=safer_response_id: the safer)",
        "severity, categories",
    ),
    Known(
        "HelpSteer2 and 3 preferences",
        "graded answers",
        "strengths from -3 to 3, of each annotator where given; pairs for a study",
        "feedback",
    ),
    Known("HelpSteer 1 and 2", "graded answers", "five attributes, each a question"),
    Known(
        "UltraFeedback, distilabel",
        "graded answers",
        "each aspect a question, each answer a task",
        "rationales, texts",
    ),
    Known(
        "PRISM", "graded answers", "scores from 1 to 100, and which was chosen", "texts, surveys"
    ),
    Known(
        "TRL unpaired, KTO, steps",
        "TRL",
        "true or false of each completion or step",
        "types without labels are refused by name",
    ),
    Known(
        "inspect_ai .eval and .json",
        "inspect_ai",
        "each scorer a worker; epochs apart",
        "explanations, events",
    ),
    Known(
        "lm-evaluation-harness samples",
        "lm-evaluation-harness",
        "each filter a question, answers with targets as gold; metrics",
        "texts",
    ),
    Known(
        "Polis votes.csv, participants-votes.csv",
        "Polis",
        "agree, pass, disagree; the last vote",
        "votes that were changed",
    ),
)
"""In the order in which they are listed."""


def list_formats() -> tuple[Known, ...]:
    """Every kind of file of labels that is read, in the order in which they are listed."""
    return KNOWN
