"""Writes requires.json: what the packages of requirements.txt themselves ask for, which pip-compile does not keep. Run it after each change."""

import json
import pathlib
import re
import subprocess
import sys

folder = pathlib.Path(__file__).parent
report = subprocess.run(
    [
        *[sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed", "--no-deps", "--require-hashes"],
        *["--only-binary=:all:", "--python-version", "3.11", "--platform", "manylinux_2_17_x86_64", "--platform", "manylinux_2_28_x86_64"],
        *["--target", "unused", "--report", "-", "--requirement", "requirements.txt"],
    ],
    cwd=folder,
    check=True,
    stdout=subprocess.PIPE,
).stdout
packages = [item["metadata"] for item in json.loads(report)["install"]]
found = {
    re.sub(r"[-_.]+", "-", package["name"]).lower(): {
        "version": package["version"],
        "python": package.get("requires_python", ""),
        "requires": package.get("requires_dist", []),
    }
    for package in packages
}
(folder / "requires.json").write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
