"""Writes lock.json: the jars of pom.xml and of all that they need to run, with their digests, and which of them needs which."""

import hashlib
import json
import pathlib
import re
import subprocess
import tempfile

PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
# With -Dverbose, what is there already is told as well: (GROUP:NAME:jar:VERSION:SCOPE - omitted for …)
NODE = re.compile(r"^(\d+) \(?([^:]+):([^:]+):\w+:([^: )]+)")

folder = pathlib.Path(__file__).parent
with tempfile.TemporaryDirectory() as target:
    maven = ["mvn", "--quiet", "--batch-mode", "--file", str(folder / "pom.xml")]
    tree = pathlib.Path(target, "tree.tgf")
    subprocess.run([*maven, f"{PLUGIN}:tree", "-Dverbose", "-Dscope=runtime", "-DoutputType=tgf", f"-DoutputFile={tree}"], check=True)
    jars = pathlib.Path(target, "jars")
    layout = ["-DincludeScope=runtime", "-Dmdep.useRepositoryLayout=true", f"-DoutputDirectory={jars}"]
    subprocess.run([*maven, f"{PLUGIN}:copy-dependencies", *layout], check=True)
    nodes, edges = (part.splitlines() for part in tree.read_text().split("#\n"))
    ids = {match[1]: f"{match[2]}:{match[3]}" for match in map(NODE.match, nodes) if match}
    locked = {}
    for jar in sorted(jars.rglob("*.jar")):
        version, name = jar.parent.name, jar.parent.parent.name
        key = f"{'.'.join(jar.parent.parent.parent.relative_to(jars).parts)}:{name}"
        needs = {ids[end] for start, end, *_ in map(str.split, edges) if ids[start] == key}
        locked[key] = {"version": version, "sha256": hashlib.sha256(jar.read_bytes()).hexdigest(), "needs": sorted(needs)}
missing = {need for package in locked.values() for need in package["needs"]} - locked.keys()
if missing:
    raise SystemExit(f"no jars of {', '.join(sorted(missing))}")
(folder / "lock.json").write_text(json.dumps(locked, indent=2) + "\n")
