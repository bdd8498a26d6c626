"""What stages keep between runs: found again, never mixed up, made again where damaged."""

import numpy as np
import pytest

from suffice.progress import SilentProgress
from suffice.stages._keep import Kept, as_array, as_text, key


class Told(SilentProgress):
    """Keeps what it is told."""

    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def test_what_is_kept_is_read_back_by_another_holder(tmp_path):
    """Numbers come back to the last digit and texts to the last letter."""
    name = key("plan", {"money": 400.0})
    draws = np.random.default_rng(1).random((3, 7))
    Kept(tmp_path / "kept", SilentProgress()).write(
        name, {"p": draws, "text": as_array("naïve ≥\n")}
    )
    found = Kept(tmp_path / "kept", SilentProgress()).read(name)
    assert found is not None
    assert np.array_equal(found["p"], draws)
    assert as_text(found["text"]) == "naïve ≥\n"


def test_any_part_of_a_key_tells_bundles_apart():
    """Another stage, another value, another type of value: another key."""
    keys = [
        key("plan", 1),
        key("plan", 2),
        key("supply", 1),
        key("plan", "1"),
        key("plan", 1, None),
    ]
    assert len(set(keys)) == len(keys)
    assert key("plan", {"a": 1, "b": 2}) == key("plan", {"b": 2, "a": 1})
    with pytest.raises(TypeError):
        key("plan", object())


@pytest.mark.parametrize("damage", ["cut", "zeroed", "another file", *range(1, 20, 3)])
def test_a_damaged_bundle_is_said_and_not_believed(tmp_path, damage):
    """Nothing is read from a file that is not what was written."""
    told = Told()
    kept = Kept(tmp_path, told)
    kept.write("a" * 64, {"p": np.arange(1000.0)})
    (path,) = tmp_path.glob("*.kept")
    content = bytearray(path.read_bytes())
    if isinstance(damage, int):
        content[len(content) * damage // 20] ^= 0xFF
    changed = {
        "cut": content[: len(content) // 2],
        "zeroed": bytes(len(content)),
        "another file": b"{}\n",
    }
    path.write_bytes(changed.get(damage, content))
    assert kept.read("a" * 64) is None
    assert len(told.notes) == 1
    assert path.name in told.notes[0]
    kept.write("a" * 64, {"p": np.arange(3.0)})
    assert np.array_equal(kept.read("a" * 64)["p"], np.arange(3.0))


def test_nothing_is_there_before_the_first_write(tmp_path):
    """An empty cache is no damage, and reading makes no folder."""
    told = Told()
    assert Kept(tmp_path / "kept", told).read("0" * 64) is None
    assert told.notes == []
    assert not (tmp_path / "kept").exists()
