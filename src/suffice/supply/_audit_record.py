"""What an audit found, and what it stands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.records import AuditRecord
    from suffice.supply.doubts import Split
    from suffice.supply.preferences import Preferences
    from suffice.supply.sources import AuditedPosterior, ChannelBook

CITATIONS = (
    "Dawid & Skene (1979), Applied Statistics 28(1): confusion matrices from labels alone",
    "Kim & Ghahramani (2012), AISTATS: Bayesian classifier combination",
    "Whitehill et al. (2009), NeurIPS: task difficulty",
    "Watanabe (2010), JMLR 11: the score that chooses the kind of model",
    "Krippendorff (2004), Content Analysis: alpha",
    "Fleiss (1971), Psychological Bulletin 76(5); Cohen (1960), EPM 20(1): kappa",
)


@dataclass(frozen=True, eq=False)
class Audit:
    """What a label table says of its tasks, workers and sources.

    Attributes:
        tasks: task, label, confidence, and ``p_<class>`` for each class.
        workers: worker, labels, accuracy (on the tasks of the table) with its 90 % interval
            ``low, high``, ``accuracy_new, low_new, high_new`` (on new tasks of the same kind),
            suspect, group, reason.
        sources: for each source and slice its error, its channel, the bits of a label and the
            price of a bit, with intervals.
        pairs: agreement and Cohen's kappa of pairs of workers with enough common tasks.
        summary: everything else, as summary.json holds it.
        posterior: P(class) of each task, float64 [task, class], in the order of ``tasks``.
        book: what the channels are made from; ask ``channel``.
        preferences: position bias, ties and items' scores where the labels compare pairs, else
            None.
        split: whether two groups of workers follow two keys; None where too little to tell.
    """

    tasks: pl.DataFrame
    workers: pl.DataFrame
    sources: pl.DataFrame
    pairs: pl.DataFrame
    summary: AuditRecord
    posterior: NDArray[np.float64]
    book: ChannelBook = field(repr=False)
    preferences: Preferences | None = None
    split: Split | None = None

    @property
    def suspects(self) -> pl.DataFrame:
        """The workers to look at."""
        return self.workers.filter(self.workers["suspect"])

    def channel(self, source: str | None = None) -> AuditedPosterior:
        """What is believed of the channel of a source, or of all labels: draws labels like these.

        Args:
            source: one of the sources of the table; by default all labels together.

        Raises:
            InputError: there is no such source.

        Example:
            >>> channel = audit("labels.csv").channel().draw(rng)  # doctest: +SKIP
            >>> channel.draw_classes(truth, labels_per_task=3, rng=rng)  # doctest: +SKIP
        """
        return self.book.posterior(source)

    def write(self, folder: str | Path) -> list[Path]:
        """Write tasks.csv, workers.csv, sources.csv, pairs.csv and summary.json.

        For comparisons also items.csv, positions.csv and preferences.csv, and where two groups of
        workers disagree split_workers.csv and split_tasks.csv.

        Returns:
            The files written.

        Raises:
            StorageError: the disk refused.
        """
        from suffice.supply._write import write_tables

        return write_tables(self._tables(), self.summary, Path(folder))

    def _tables(self) -> dict[str, pl.DataFrame]:
        """File -> frame; what the labels do not speak of has no file."""
        found = {name: getattr(self, name) for name in ("tasks", "workers", "sources", "pairs")}
        if (said := self.preferences) is not None:
            found |= {"items": said.items, "positions": said.workers, "preferences": said.tasks}
        if (split := self.split) is not None:
            found |= {"split_workers": split.workers, "split_tasks": split.tasks}
        return {name: frame for name, frame in found.items() if frame is not None}
