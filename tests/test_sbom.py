"""The list of what suffice is made of."""

from __future__ import annotations

import json
import subprocess
import sys

from conftest import ROOT

from suffice._packages import ARTEFACTS


def test_the_list_holds_packages_and_packaged_data(tmp_path):
    """Every dependency with its version, every packaged file with its hash, each once."""
    path = tmp_path / "build" / "sbom.json"
    subprocess.run([sys.executable, str(ROOT / "tools" / "sbom.py"), str(path)], check=True)
    found = json.loads(path.read_text())
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    parts = found["components"]
    assert {"numpy", "polars", "onnxruntime", "emcee"} <= {part["name"] for part in parts}
    assert all(part["version"] for part in parts)
    hashes = {part["hashes"][0]["content"] for part in parts if part["type"] == "data"}
    assert hashes == {file.sha256 for one in ARTEFACTS for file in one.files}
    refs = [part["bom-ref"] for part in parts]
    assert len(set(refs)) == len(refs)


def test_no_word_of_a_weakness_without_a_look():
    """Where pip-audit is not installed or reaches nobody, the check says that it did not look."""
    tool = str(ROOT / "tools" / "check_packages.py")
    done = subprocess.run(
        [sys.executable, "-S", tool, "requirements.lock"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (
        0,
        "weaknesses: not looked up, pip-audit is not installed\n",
    )
