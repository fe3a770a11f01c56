"""Tells what of some wanted packages their lock lacks for one Python on Linux. Reads the lock as JSON, and writes what is wrong, line by line."""

import json
import sys

from pip._vendor.packaging.markers import default_environment
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.utils import canonicalize_name

given = json.load(sys.stdin)
python, locked = given["python"], given["locked"]
environment = {
    **default_environment(),
    **{"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": given["machine"]},
    **{"implementation_name": "cpython", "platform_python_implementation": "CPython", "implementation_version": python},
    **{"python_version": ".".join(python.split(".")[:2]), "python_full_version": python},
}
waiting = [("requirements.in", "", line) for line in given["wanted"]]
seen = set()
for who, extra, text in waiting:
    wanted = Requirement(text)
    if wanted.marker is not None and not wanted.marker.evaluate({**environment, "extra": extra}):
        continue
    name = canonicalize_name(wanted.name)
    package = locked.get(name)
    if package is None:
        print(f"{who} wants {text}, which is not there")
        continue
    if not wanted.specifier.contains(package["version"], prereleases=True):
        print(f"{who} wants {text}, and {package['version']} is there")
    for each in {"", *wanted.extras} - {extra for other, extra in seen if other == name}:
        seen.add((name, each))
        waiting += [(name, each, requirement) for requirement in package["requires"]]
for name, package in locked.items():
    if not any(name == other for other, _ in seen):
        print(f"nothing wants {name}")
    if not SpecifierSet(package["python"]).contains(python):
        print(f"{name} wants Python {package['python']}")
