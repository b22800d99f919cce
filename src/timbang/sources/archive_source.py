"""An archive of images, on this machine or to be fetched."""

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath

from timbang.sources.addresses import archive_path, hide_password, scheme_of
from timbang.sources.fingerprints import identify_archive
from timbang.sources.source import Source

KNOWN_ARCHIVES = Path("data/archives/.known.json")


class ArchiveSource(Source):
    """The images of an archive, which the rule ``unpack_archive`` unpacks for all studies.

    Inside they lie as in the sources ``folder`` and ``table``; where the study names no folder,
    the classes are looked for.
    """

    needed = ("archive",)
    permitted = ("sha256", "folder", "table", "images")
    is_named_by_content = True

    def find_faults(self) -> Iterator[str]:
        """Yield a line for each key that does not go with the source or with another key."""
        yield from super().find_faults()
        if self.data.archive is not None:
            yield from self._find_address_faults(self.data.archive)
            yield from self._find_inner_faults()

    def _find_address_faults(self, archive: str) -> Iterator[str]:
        scheme = scheme_of(archive)
        if scheme not in ("", "http", "https") and not archive.lower().startswith("file:///"):
            yield (
                f"data.archive: {hide_password(archive)!r} is not allowed; "
                "allowed: a path, or a URL that begins with "
                "http://, https:// or file:///"
            )
        if scheme in ("http", "https") and self.data.sha256 is None:
            yield (
                "data.sha256: missing; an archive that is fetched needs it, as sha256sum prints it"
            )

    def _find_inner_faults(self) -> Iterator[str]:
        data = self.data
        if data.folder is not None and data.table is not None:
            yield "data.folder: has no meaning beside data.table; leave one of them out"
        for key, other in (("table", "images"), ("images", "table")):
            if getattr(data, key) is None and getattr(data, other) is not None:
                yield f"data.{key}: missing; data.{other} needs it"
        for key in ("folder", "table", "images"):
            path = PurePosixPath(getattr(data, key) or "")
            if path.is_absolute() or ".." in path.parts:
                yield (
                    f"data.{key}: {str(path)!r} is not allowed; allowed: a path inside the archive"
                )

    def list_paths(self) -> list[tuple[str, str | Path | None, str]]:
        """Return the archive, unless it is to be fetched."""
        return [("data.archive", self.users_archive, "file")]

    def check(self) -> None:
        """Check that the archive is the one that the study means.

        Raises:
            TimbangError: it cannot be read, or has another SHA-256 than the study says.
        """
        _ = self.sha256

    @property
    def users_archive(self) -> Path | None:
        """The archive where the user has it, None where it is to be fetched."""
        return archive_path(self.data.archive or "")

    @cached_property
    def sha256(self) -> str:
        """The archive's SHA-256, which says what its images are."""
        return identify_archive(self.data.archive or "", self.data.sha256, KNOWN_ARCHIVES)

    @property
    def made_folder(self) -> str:
        """The unpacked archive, which several studies may share."""
        return f"data/archives/{self.sha256[:16]}"

    @property
    def image_folder(self) -> str:
        """The folder in the archive that file names start from."""
        return str(Path(self.made_folder, self.data.folder or self.data.images or ""))

    @property
    def label_table(self) -> str | None:
        """The table in the archive, where the study names one."""
        return self.data.table and str(Path(self.made_folder, self.data.table))

    @property
    def listing(self) -> str:
        """As the other sources are, and ``archive`` where the classes are looked for."""
        return super().listing if self.data.table or self.data.folder else "archive"

    def identify_images(self, code_of: Callable[[str], str], known: Path) -> str:
        """Return the archive's SHA-256."""
        return self.sha256
