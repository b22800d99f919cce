"""A data set of torchvision."""

from collections.abc import Callable
from pathlib import Path

from timbang.sources.source import Source
from timbang.sources.torchvision_catalogue import check_dataset


class TorchvisionSource(Source):
    """A data set, which the rule ``write_torchvision_images`` writes out for all studies."""

    needed = ("dataset",)
    permitted = ("root",)

    def list_paths(self) -> list[tuple[str, str | Path | None, str]]:
        """Return the root where it is there; else it is made."""
        is_there = self.data.root is not None and Path(self.data.root).exists()
        return [("data.root", self.data.root if is_there else None, "folder")]

    def check(self) -> None:
        """Check that torchvision has the data set.

        Raises:
            TimbangError: there is none of that name, or it is not for classification.
        """
        check_dataset(self.data.dataset)

    @property
    def root(self) -> str:
        """Where torchvision's own files lie, or are fetched to."""
        return self.data.root or "data/torchvision"

    @property
    def image_folder(self) -> str:
        """The folder that the rule fills."""
        return f"data/torchvision-images/{self.data.dataset}/images"

    @property
    def label_table(self) -> str:
        """The table that the rule writes."""
        return f"data/torchvision-images/{self.data.dataset}/labels.csv"

    @property
    def has_parts(self) -> bool:
        """Its table has the parts that the data set itself has."""
        return True

    @property
    def made_folder(self) -> str:
        """The folder that the rule fills."""
        return self.image_folder

    def identify_images(self, code_of: Callable[[str], str], known: Path) -> str:
        """Return the name of the data set and the code that writes it out."""
        return f"{self.data.dataset} {code_of('write_torchvision_images.py')}"
