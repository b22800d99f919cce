"""From TeX to PDF, with latexmk or tectonic, without shell escape, the same bytes each time."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from timbang.errors import TimbangError

LATEXMK = (
    "latexmk",
    "-norc",
    "-pdf",
    "-interaction=nonstopmode",
    "-halt-on-error",
    "-file-line-error",
    "-latexoption=-no-shell-escape",
)
TECTONIC = ("tectonic", "-X", "compile", "--untrusted", "--keep-logs")


def find_engine() -> tuple[str, ...]:
    """Return the command that compiles: TIMBANG_TEX's, else latexmk's, else tectonic's.

    Raises:
        TimbangError: neither is installed.
    """
    commands = {"latexmk": LATEXMK, "tectonic": TECTONIC}
    wanted = os.environ.get("TIMBANG_TEX")
    for name in [wanted] if wanted in commands else commands:
        if shutil.which(name) and (name == "tectonic" or shutil.which("pdflatex")):
            return commands[name]
    raise TimbangError("no TeX engine: run make tex, or install latexmk and pdflatex, or tectonic")


def compile_document(source: Path, engine: tuple[str, ...]) -> tuple[Path, str]:
    """Compile a TeX file beside itself.

    Returns:
        The PDF and what the engine printed.

    Raises:
        TimbangError: TeX found a fault; the message names file, line and fault.
    """
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": "0",
        "FORCE_SOURCE_DATE": "1",
        "TZ": "UTC",
        "max_print_line": "1000",
    }
    done = subprocess.run(
        [*engine, source.name],
        cwd=source.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    printed = done.stdout + done.stderr
    if done.returncode:
        faults = re.findall(r"^(?:!|error:|\S+\.(?:tex|aux|bbl):\d+:).*", printed, re.MULTILINE)
        raise TimbangError(
            f"{source}: {engine[0]} failed: {faults[0] if faults else printed[-300:].strip()}; "
            f"the whole story is in {source.with_suffix('.log')}"
        )
    return source.with_suffix(".pdf"), printed
