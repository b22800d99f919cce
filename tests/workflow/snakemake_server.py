"""Snakemake with its imports done: each line read is a call, made by a fork that ends as it would.

The imports are most of what a small study costs, and those of its scripts are the rest: one
launcher, for the library in the folder that is given, serves all calls.
"""

import importlib
import json
import os
import sys

from snakemake.cli import get_argument_parser, main

for library in ("imagehash", "jsonschema", "pandas", "requests", "scipy.sparse.csgraph"):
    importlib.import_module(library)
get_argument_parser()  # It imports the plugins.

os.environ["PYTHONPATH"] = sys.argv[1]
sys.path.insert(0, sys.argv[1])
LAUNCHER = importlib.import_module("timbang.launcher").start_server(sys.executable)
# A call imports the library as it is by then.
sys.path.remove(sys.argv[1])
for module in [name for name in sys.modules if name.partition(".")[0] == "timbang"]:
    del sys.modules[module]

for line in sys.stdin:
    call = json.loads(line)
    if not (child := os.fork()):
        os.chdir(call["folder"])
        output = os.open(call["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for place, standard in ((os.open(os.devnull, os.O_RDONLY), 0), (output, 1), (output, 2)):
            os.dup2(place, standard)
        sys.argv = ["snakemake", *call["arguments"]]
        sys.exit(main())
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
