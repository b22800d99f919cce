"""What a figure is. Each stands in a module of its own, which says all of it.

A module imports what draws (matplotlib, numpy, pandas) inside its functions, and what writes for
its types alone: it is read whenever the workflow is planned, where none of these may be needed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawn

    from timbang.languages.catalogue import Language
    from timbang.report.writer import Writer
    from timbang.study.study import Study


@dataclass(frozen=True)
class Drawing:
    """What a figure is drawn from, besides its words.

    ``files`` are those that the figure needs, by name: one path each, or the paths of all runs by
    contender and replicate, or of all splits by replicate. ``titles`` are the contenders' names in
    print in their order and ``networks`` their networks, ``weighed`` the reference and those that
    are tested against it. ``published`` are accuracies by contender, ``names`` this study's and
    that of its twin.
    """

    language: Language
    files: Mapping[str, Any]
    titles: Mapping[str, str]
    networks: Mapping[str, str]
    weighed: Sequence[str]
    reference: str
    margin: float
    published: Mapping[str, float]
    names: tuple[str, str | None]

    def path(self, name: str) -> Path:
        """Return the one file of that name."""
        return Path(self.files[name])

    def paths(self, name: str) -> Mapping[str, Sequence[Path]]:
        """Return the files of that name of every contender, by replicate."""
        return {own: [Path(path) for path in self.files[name][own]] for own in self.titles}

    def contents(self, name: str) -> dict[str, list[Any]]:
        """Return what the JSON files of that name hold, of every contender by replicate."""
        return {
            own: [json.loads(path.read_text(encoding="utf-8")) for path in paths]
            for own, paths in self.paths(name).items()
        }

    def say(self, message: str) -> str:
        """Return a word of the figure in its language."""
        return self.language.say(message)


@dataclass(frozen=True)
class Figure:
    """A figure: how it is drawn, from what, and where it stands in the document.

    ``needs`` names what it is drawn from: ``runs``, ``histories``, ``metrics``, ``splits``,
    ``audit``, ``manifest``, ``pixels``, ``probes``, ``contrasts``,
    ``calibration``, ``images``, ``twin_runs``. ``shows`` says
    in a few words what it shows. It is drawn where it is ``due`` in a study, and ``stands`` in the
    document, at the place called ``slot``, where the results have it. ``mention`` is the sentence
    that leads to it, ``caption`` what stands below it.
    """

    name: str
    slot: str
    needs: Sequence[str]
    shows: str
    draw: Callable[[Drawing], Drawn]
    mention: str
    caption: Callable[[Writer], str]
    due: Callable[[Study], bool] = lambda _: True
    stands: Callable[[Writer], bool] = lambda _: True
