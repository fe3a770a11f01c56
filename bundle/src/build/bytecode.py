"""Compiles Python files to bytecode. Standard input has a line for each: its path in the image, the source, and where the bytecode goes, with tabs between."""

import os
import py_compile
import sys

for line in sys.stdin:
    path, source, target = line.rstrip("\n").split("\t")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        # Times in layers are all the same, so bytecode cannot go by them; nobody changes a source in an image.
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(source, target, dfile=path, doraise=True, invalidation_mode=mode)
    except py_compile.PyCompileError:
        # What is not Python of this version is found out by who imports it.
        pass
