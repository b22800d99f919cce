"""A folder of the user's with a folder per class."""

from pathlib import Path

from timbang.sources.source import Source


class FolderSource(Source):
    """The images of a folder, whose labels are the names of its folders."""

    needed = ("folder",)

    def list_paths(self) -> list[tuple[str, str | Path | None, str]]:
        """Return the folder."""
        return [("data.folder", self.data.folder, "folder")]

    @property
    def image_folder(self) -> str:
        """The folder."""
        return self.data.folder or ""
