"""The paths that a study names."""

from collections.abc import Sequence
from pathlib import Path

from timbang.errors import TimbangError
from timbang.study.study import Report
from timbang.study.words import Contender


def check_paths(
    of_images: Sequence[tuple[str, str | Path | None, str]],
    of_report: Report,
    compared: str | None = None,
    contenders: Sequence[Contender] = (),
    confirm: str | None = None,
) -> None:
    """Check that what a study reads is there, before a failing step deletes finished results.

    Args:
        of_images: the paths that the images come from, each with its key and kind (folder or
            file); like all others they are relative to the working folder.
        of_report: what the report is made from besides.
        compared: the summary of the study that this one is compared with, if any.
        contenders: those whose weights may come from a file.
        confirm: the table of pairs that a person has settled, if any.

    Raises:
        TimbangError: one line for each path that is missing or of the wrong kind.
    """
    lines = [
        f"{key}: {path} is not a {kind}; correct the path"
        for key, path, kind in (
            *of_images,
            ("data.confirm", confirm, "file"),
            ("report.published", of_report.published, "file"),
            ("report.bibliography", of_report.bibliography, "file"),
            ("report.logo", of_report.logo, "file"),
            ("report.title_page", of_report.title_page, "file"),
            *(("report.sections", path, "file") for path in of_report.sections),
            *(
                (f"contenders.{own.name}.recipe.weights", own.recipe.weights, "file")
                for own in contenders
                if own.recipe.weights != "torchvision"
            ),
        )
        if path and not (Path(path).is_dir() if kind == "folder" else Path(path).is_file())
    ]
    if compared and not Path(compared).is_file():
        lines.append(f"report.compare_with: {compared} is not there; run that study first")
    if lines:
        raise TimbangError("\n".join(lines))
