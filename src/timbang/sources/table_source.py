"""A label table of the user's beside a folder of images."""

from pathlib import Path

from timbang.sources.source import Source


class TableSource(Source):
    """The images that a table names, with the labels that it gives them."""

    needed = ("table", "images")

    def list_paths(self) -> list[tuple[str, str | Path | None, str]]:
        """Return the folder of images and the table."""
        return [
            ("data.images", self.data.images, "folder"),
            ("data.table", self.data.table, "file"),
        ]

    @property
    def image_folder(self) -> str:
        """The folder that the table's file names start from."""
        return self.data.images or ""
