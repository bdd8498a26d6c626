"""Rankings as text: which items a worker put above which, of one set that was shown."""

from __future__ import annotations

from dataclasses import dataclass

ABOVE, EQUAL, UNTOLD = " > ", " = ", " / "
"""Between items of which the first is better, that are even, and of which nothing is said."""


@dataclass(frozen=True)
class Ranking:
    """One answer about a shown set.

    Attributes:
        groups: the best items first; items of a group were called even.
        rest: items that were shown and put below all groups, in no order ("best of n").
    """

    groups: tuple[tuple[str, ...], ...]
    rest: tuple[str, ...] = ()

    @property
    def items(self) -> tuple[str, ...]:
        """All that was shown."""
        return (*(item for group in self.groups for item in group), *self.rest)

    def __str__(self) -> str:
        """As labels write it: ``a > b = c``, or ``a > b / c`` where only the best is told."""
        told = [EQUAL.join(group) for group in self.groups]
        return ABOVE.join([*told, *([UNTOLD.join(self.rest)] if self.rest else [])])


def parse_ranking(text: str) -> Ranking | None:
    """Read ``a > b = c`` or ``a > b / c``; None where it is no ranking of two items or more.

    >>> parse_ranking("a > b = c").groups
    (('a',), ('b', 'c'))
    >>> parse_ranking("a > b / c").rest
    ('b', 'c')
    """
    if ABOVE not in text and EQUAL not in text:
        return None
    *told, last = text.split(ABOVE)
    groups = [tuple(part.strip() for part in group.split(EQUAL)) for group in told]
    rest = tuple(part.strip() for part in last.split(UNTOLD))
    if len(rest) == 1 or not told:
        groups.append(tuple(part.strip() for part in last.split(EQUAL)))
        rest = ()
    found = Ranking(tuple(groups), rest)
    items = found.items
    if len(items) < 2 or len(set(items)) < len(items) or not all(items):
        return None
    return found
