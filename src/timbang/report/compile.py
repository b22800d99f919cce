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
    # From the start: it remembers failures of earlier calls, and their files may be cut off.
    "-gg",
    # Each may move a paragraph to a new page, and each number of a page is one of the last run.
    "-e",
    "$max_repeat = 20",
    "-pdf",
    "-interaction=nonstopmode",
    "-halt-on-error",
    "-file-line-error",
    "-latexoption=-no-shell-escape",
)
# The first line of a document that needs this program rather than PDFLaTeX.
LUALATEX = "% !TeX program = lualatex\n"
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


def compile_document(source: Path, engine: tuple[str, ...], folder: Path) -> tuple[Path, str]:
    """Compile a TeX file.

    Args:
        source: the file, from whose folder the paths in it start.
        engine: what ``find_engine`` returns.
        folder: where the PDF goes, with the log and all that TeX leaves.

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
    if source.is_file() and source.read_text(encoding="utf-8").startswith(LUALATEX):
        if engine[0] != "latexmk":
            raise TimbangError(f"{source}: needs latexmk with lualatex, not {engine[0]}")
        engine = tuple("-pdflua" if word == "-pdf" else word for word in engine)
    folder.mkdir(parents=True, exist_ok=True)
    option = "--outdir" if engine[0] == "tectonic" else "-outdir"
    command = [*engine, f"{option}={folder.resolve()}", source.name]
    log = folder / source.with_suffix(".log").name
    returned, printed = _run(command, source, environment, log)
    if returned:
        faults = re.findall(r"^(?:!|error:|\S+\.(?:tex|aux|bbl):\d+:).*", printed, re.MULTILINE)
        fault = faults[0] if faults else " ".join(printed[-300:].split())
        raise TimbangError(f"{source}: {engine[0]} failed: {fault}; the whole story is in {log}")
    return folder / source.with_suffix(".pdf").name, printed


def _run(
    command: list[str], source: Path, environment: Mapping[str, str], log: Path
) -> tuple[int, str]:
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
                f"{log} ends where it stayed"
            ) from None
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, printed + complained
