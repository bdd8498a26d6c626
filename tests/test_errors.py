"""The exception tree: one line for the user, everything catchable at once."""

from __future__ import annotations

import inspect
import re

import pytest

from suffice import errors
from suffice.errors import InputError, StudyError, SufficeError

TREE = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, SufficeError)
]


def test_every_error_is_drawn_in_the_tree() -> None:
    """The drawing at the top of the file names every class under the parent that it has."""
    drawn: dict[str, str | None] = {}
    parents: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"([ |`-]+)(\w+Error)\b", line):
            depth = len(match[1])
            parents = [(d, name) for d, name in parents if d < depth]
            drawn[match[2]] = parents[-1][1] if parents else None
            parents.append((depth, match[2]))
    defined = {
        cls.__name__: None if cls is SufficeError else cls.__bases__[0].__name__ for cls in TREE
    }
    assert drawn == defined


@pytest.mark.parametrize("cls", TREE, ids=lambda cls: cls.__name__)
def test_exit_codes_are_failures(cls: type[SufficeError]) -> None:
    """No error of ours ends a program with success, or with Python's code for a traceback."""
    assert cls.exit_code > 1


@pytest.mark.parametrize(
    ("where", "fix", "line"),
    [
        (None, None, "negative price"),
        ("study.toml, [crowd]", None, "study.toml, [crowd]: negative price"),
        (None, "use 0 or more", "negative price (use 0 or more)"),
        ("study.toml", "use 0 or more", "study.toml: negative price (use 0 or more)"),
    ],
)
def test_input_error_is_one_line(where: str | None, fix: str | None, line: str) -> None:
    """What, where and what to do are joined in that order; absent parts leave no trace."""
    error = InputError("negative price", where=where, fix=fix)
    assert str(error) == line
    assert (error.what, error.where, error.fix) == ("negative price", where, fix)


def test_study_error_is_an_input_error() -> None:
    """A caller that handles bad input handles a bad study file as well."""
    with pytest.raises(InputError, match="unknown key") as caught:
        raise StudyError("unknown key 'prise'", where="study.toml", fix="did you mean price?")
    assert "\n" not in str(caught.value)
