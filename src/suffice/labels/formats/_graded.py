"""Public sets of graded answers: UltraFeedback, HelpSteer, distilabel's, PRISM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.labels.formats._exports import NOBODY, Answers, parsed

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "graded answers"
_HELPSTEER = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
_JUDGE = "(judge)"
_PLACES = "annotators are numbered by place in a list, which says nothing of who they are"


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame has the columns of one of these sets."""
    return _set_of(set(frame.columns)) is not None


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of grades; each aspect is a question, and each answer graded a task.

    UltraFeedback's aspects and overall score, by one judge; distilabel's ratings, by the model that
    gave them; HelpSteer's five attributes, and its strengths of preference from -3 (the first is
    much better) to 3; PRISM's scores from 1 to 100, by participant, and which model was the best of
    those shown (``chosen``).

    Raises:
        InputError: nothing is graded.
    """
    which = _set_of(set(frame.columns))
    answers = Answers(which or NAME, origin)
    reader = {
        "UltraFeedback": _ultrafeedback, "distilabel": _distilabel, "HelpSteer": _helpsteer,
        "HelpSteer3": _strengths, "HelpSteer2 preferences": _strengths, "PRISM": _prism,
    }[which or NAME]  # fmt: skip
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        before = sum(map(len, answers.rows.values()))
        reader(answers, number, row)
        empty = before == sum(map(len, answers.rows.values()))
        answers.skip("row{s} without a grade", int(empty))
    for (shown, worker), models in answers.best.items():
        best = [model for chosen, model in models if chosen]
        others = sorted(model for chosen, model in models if not chosen)
        if len(best) == 1 and others and best[0] not in others and len(set(others)) == len(others):
            label = f"{best[0]} > {' / '.join(others)}"
            answers.add("chosen", {"task": shown, "worker": worker, "label": label})
    return answers.table(asked)


def _set_of(names: set[str]) -> str | None:
    known = {
        "UltraFeedback": {"instruction", "completions"},
        "distilabel": {"generations", "ratings"},
        "HelpSteer": {"prompt", "response", *_HELPSTEER[:3]},
        "HelpSteer3": {"response1", "response2", "overall_preference"},
        "HelpSteer2 preferences": {"response_1", "response_2", "preference_strength"},
    }
    prism = {"user_id", "utterance_id", "score"} <= names or (
        {"user_id", "conversation_history", "conversation_id"} <= names
    )
    return "PRISM" if prism else next((n for n, own in known.items() if own <= names), None)


def _ultrafeedback(answers: Answers, number: int, row: dict[str, Any]) -> None:
    for place, one in enumerate(parsed(row["completions"]) or ()):
        task = f"{number} | {one.get('model') or place}"
        known = {"task": task, "worker": _JUDGE, "slice": row.get("source")}
        given = {name: one.get(name) for name in ("overall_score", "fine-grained_score")}
        for aspect, graded in (parsed(one.get("annotations")) or {}).items():
            given[aspect] = graded.get("Rating") if isinstance(graded, dict) else graded
        for aspect, grade in given.items():
            if (label := _grade(grade)) is not None:
                answers.add(aspect, known | {"label": label})


def _distilabel(answers: Answers, number: int, row: dict[str, Any]) -> None:
    models = parsed(row.get("generation_models") or row.get("generation_model")) or ()
    judge = row.get("model_name") or _JUDGE
    for place, grade in enumerate(parsed(row["ratings"]) or ()):
        model = models[place] if isinstance(models, list) and place < len(models) else place
        if (label := _grade(grade)) is not None:
            # Two answers of one model to one prompt are two answers.
            task = f"{number} | {place} {model}" if model != place else f"{number} | {place}"
            answers.add("ratings", {"task": task, "worker": judge, "label": label})


def _helpsteer(answers: Answers, number: int, row: dict[str, Any]) -> None:
    for aspect in _HELPSTEER:
        graded = parsed(row.get(aspect))
        given = graded if isinstance(graded, list) else [graded]
        for place, grade in enumerate(given, start=1):
            worker = f"annotator {place}" if isinstance(graded, list) else NOBODY
            if (label := _grade(grade)) is not None:
                answers.add(aspect, {"task": number, "worker": worker, "label": label})
        if isinstance(graded, list):
            answers.notes_of[aspect] = _PLACES


def _strengths(answers: Answers, number: int, row: dict[str, Any]) -> None:
    own = row.get("individual_preference", row.get("all_preferences_unprocessed"))
    overall = row.get("overall_preference", row.get("preference_strength"))
    known = {"task": number, "slice": row.get("domain"), "gold": None}
    for place, one in enumerate(parsed(own) or (), start=1):
        grade = one.get("score", one.get("strength")) if isinstance(one, dict) else one
        if (label := _grade(grade)) is not None:
            answers.add("individual", known | {"worker": f"annotator {place}", "label": label})
            answers.notes_of["individual"] = _PLACES
    if (label := _grade(overall)) is not None:
        answers.add("overall", known | {"worker": NOBODY, "label": label})


def _prism(answers: Answers, number: int, row: dict[str, Any]) -> None:
    history = parsed(row.get("conversation_history"))
    for place, one in enumerate(history if isinstance(history, list) else [row]):
        if (label := _grade(one.get("score"))) is None:
            continue
        task = one.get("utterance_id") or f"{row.get('conversation_id')} | {place}"
        known = {"task": task, "worker": row["user_id"], "slice": row.get("conversation_type")}
        answers.add("score", known | {"label": label})
        if (chosen := one.get("if_chosen")) is not None:
            talk = row.get("conversation_id")
            shown = one.get("interaction_id") or f"{talk} | turn {one.get('turn', 0)}"
            model = one.get("model_name") or one.get("utterance_id") or place
            answers.best.setdefault((shown, row["user_id"]), []).append((bool(chosen), str(model)))


def _grade(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """A grade as text: 4.0 is "4"; what is no number (N/A) is no grade."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return f"{number:g}" if number == number else None
