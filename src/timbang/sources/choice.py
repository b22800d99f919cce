"""The sources of images that a study may choose from."""

from timbang.sources.archive_source import ArchiveSource
from timbang.sources.digits_source import DigitsSource
from timbang.sources.folder_source import FolderSource
from timbang.sources.source import Source
from timbang.sources.table_source import TableSource
from timbang.sources.torchvision_source import TorchvisionSource
from timbang.study.words import Data

SOURCES: dict[str, type[Source]] = {
    "digits": DigitsSource,
    "folder": FolderSource,
    "table": TableSource,
    "archive": ArchiveSource,
    "torchvision": TorchvisionSource,
}


def find_source(data: Data, study: str) -> Source:
    """Return where a study's images come from.

    Args:
        data: what the study says of them, as the schema permits it.
        study: the study's name.
    """
    return SOURCES[data.source](data, study)
