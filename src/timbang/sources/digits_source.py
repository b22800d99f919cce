"""The handwritten digits that come with scikit-learn."""

from collections.abc import Callable
from pathlib import Path

from timbang.sources.source import Source


class DigitsSource(Source):
    """The digits, which the rule ``write_digits`` writes for each study."""

    @property
    def image_folder(self) -> str:
        """The folder that the rule fills."""
        return f"results/{self.study}/data/digits/images"

    @property
    def label_table(self) -> str:
        """The table that the rule writes."""
        return f"results/{self.study}/data/digits/labels.csv"

    @property
    def made_folder(self) -> str:
        """The folder that the rule fills."""
        return self.image_folder

    def identify_images(self, code_of: Callable[[str], str], known: Path) -> str:
        """Return the code that writes them."""
        return f"digits {code_of('write_digits.py')}"
