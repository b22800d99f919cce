"""From TeX to PDF, with latexmk or tectonic, without shell escape, the same bytes each time."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
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
# A report takes seconds, and the first call of tectonic fetches its packages.
LONGEST_SECONDS = 600.0


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
        TimbangError: TeX found a fault, and the message names file, line and fault; or it did not
            end.
    """
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": "0",
        "FORCE_SOURCE_DATE": "1",
        "TZ": "UTC",
        "max_print_line": "1000",
    }
    returned, printed = _run([*engine, source.name], source, environment)
    if returned:
        faults = re.findall(r"^(?:!|error:|\S+\.(?:tex|aux|bbl):\d+:).*", printed, re.MULTILINE)
        fault = faults[0] if faults else " ".join(printed[-300:].split())
        raise TimbangError(
            f"{source}: {engine[0]} failed: {fault}; "
            f"the whole story is in {source.with_suffix('.log')}"
        )
    return source.with_suffix(".pdf"), printed


def _run(command: list[str], source: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command beside a file; return its exit status and what it printed."""
    with subprocess.Popen(
        command,
        cwd=source.parent,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        # latexmk starts others, which have to end with it.
        process_group=0,
    ) as process:
        try:
            printed, complained = process.communicate(timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise TimbangError(
                f"{source}: {command[0]} did not end within {LONGEST_SECONDS:g} seconds; "
                f"{source.with_suffix('.log')} ends where it stayed"
            ) from None
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, printed + complained
