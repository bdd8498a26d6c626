"""The example studies, wherever suffice is installed."""

from __future__ import annotations

from pathlib import Path

from suffice.errors import MissingError


def example_file(name: str) -> Path:
    """A file of the examples: from the repository's checkout or from the installed package.

    Raises:
        MissingError: this installation lacks it.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "examples", package.parents[1] / "examples"):
        path = folder / name
        if path.exists():
            return path
    raise MissingError(
        f"the example examples/{name} is missing from this installation: "
        "install suffice again, or name a file of your own"
    )


def example_study() -> Path:
    """The example study that the command line answers where none is named."""
    return example_file("ratings.toml")
