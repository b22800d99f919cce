"""What every source of images says of itself.

The classes of sources are asked while the workflow is parsed, so their modules import nothing
that takes long. No step that makes a result imports them, or a change of one would have it made
again.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar, get_args

from timbang.sources.fingerprints import fingerprint_files
from timbang.study.words import Data

# What may be missing from a study's data is some source's, but for what goes with any; all else
# has a default.
ANY_SOURCE = ("confirm",)
KEYS = sorted(
    field.name
    for field in fields(Data)
    if type(None) in get_args(field.type) and field.name not in ANY_SOURCE
)


@dataclass(frozen=True)
class Source(ABC):
    """Where a study's images come from. Paths are relative to the working folder.

    Attributes:
        data: what the study says of its images.
        study: the study's name, as of its folder of results.
        needed: the keys below ``data`` that the source needs.
        permitted: those that it takes besides.
        is_named_by_content: whether the name of the folder that a rule makes says what is in it,
            so that its age says nothing.
    """

    data: Data
    study: str
    needed: ClassVar[tuple[str, ...]] = ()
    permitted: ClassVar[tuple[str, ...]] = ()
    is_named_by_content: ClassVar[bool] = False

    def find_faults(self) -> Iterator[str]:
        """Yield a line for each key that does not go with the source or with another key."""
        name = self.data.source
        for key in KEYS:
            given = getattr(self.data, key) is not None
            if key in self.needed and not given:
                yield f"data.{key}: missing; data.source {name} needs it"
            if given and key not in self.needed + self.permitted:
                yield f"data.{key}: has no meaning with data.source {name}; leave it out"

    def list_paths(self) -> list[tuple[str, str | Path | None, str]]:
        """Return the paths that must be there, each with its key and kind (folder or file)."""
        return []

    def check(self) -> None:  # noqa: B027 - most sources have nothing more to check
        """Check what neither the keys nor the paths tell.

        Raises:
            TimbangError: something is wrong; the line begins with its key.
        """

    @property
    @abstractmethod
    def image_folder(self) -> str:
        """Where the file names of the manifest start."""

    @property
    def label_table(self) -> str | None:
        """The table of labels, where the source has one."""
        return self.data.table

    @property
    def has_parts(self) -> bool:
        """Whether a table may say which part of the split each image is in."""
        return self.data.table is not None

    @property
    def listing(self) -> str:
        """How the images are listed: by a ``table``, or by the ``folder`` that each is in."""
        return "table" if self.label_table else "folder"

    @property
    def made_folder(self) -> str | None:
        """The folder of images that a rule makes, None where the images are the user's own."""
        return None

    def identify_images(self, code_of: Callable[[str], str], known: Path) -> str:
        """Return what identifies the images: their names and contents, or how they are made.

        Args:
            code_of: what identifies the code of a script in ``workflow/scripts``.
            known: where the hashes of the user's images are kept, as ``hash_files`` does it.
        """
        return fingerprint_files(Path(self.image_folder), known)
