"""Writes the page, and pages of images beside it where these are too many."""

import io
import shutil
import zipfile
from pathlib import Path

from timbang.explorer.page import Page, measure_room, write_class_page, write_page
from timbang.explorer.pictures import draw_picture, draw_sheets
from timbang.images.pixels import PixelFile
from timbang.records.writing import write_text, write_whole

IMAGES, ARCHIVE = "explorer-images", "explorer.zip"


def write_explorer(page: Page, pixels: PixelFile, path: Path) -> int:
    """Write the page, with its images in it or in ``explorer-images/`` and ``explorer.zip``.

    Args:
        page: what it is made of.
        pixels: of the images.
        path: of the page.

    Returns:
        Its size in bytes.

    Raises:
        OSError: it cannot be written.
    """
    folder, archive = path.with_name(IMAGES), path.with_name(ARCHIVE)
    shutil.rmtree(folder, ignore_errors=True)
    archive.unlink(missing_ok=True)
    sheets = draw_sheets(pixels, page.places, measure_room(page))
    files = {path.name: write_page(page, sheets)}
    if sheets is None:
        for place, shown in enumerate(page.places.shown):
            pictures = {image: draw_picture(pixels[image]) for image in shown}
            files[f"{IMAGES}/{place}.html"] = write_class_page(
                page.voice, page.material.images, place, pictures
            )
        write_whole(archive, _pack(files))
    for name, text in files.items():
        write_text(path.parent / name, text)
    return len(files[path.name].encode())


def _pack(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            # Without a time, so that the same study makes the same archive.
            packed.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
