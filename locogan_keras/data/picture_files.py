"""Files that are pictures by their content, whatever they are named, opened with Pillow."""

import contextlib
import io
import warnings
import zlib

from PIL import Image, UnidentifiedImageError

# What is read, whatever a file's name says. Of the kinds that Pillow also knows some are programs:
# it hands EPS to Ghostscript.
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF")
# What becomes of a camera's own format, and how the files of those begin, after their size.
CONVERT = "convert it to PNG or JPEG, as with `magick photo.heic photo.png`"
EXR_TO_PNG = "save it as PNG of 16 bits, as with `oiiotool map.exr -d uint16 -o map.png`"
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
# How an OpenEXR begins, of which maps are read, see `levels`.
EXR = b"\x76\x2f\x31\x01"
# Names of pictures: a file that has one and is none is damaged. Others are found by their content.
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".mpo", ".webp", ".tif", ".tiff", ".bmp", ".gif"),
    *(".avif", ".heic", ".heif", ".jp2", ".ppm", ".pgm", ".exr"),
)
# Pillow's own limit, against files that unpack to far more than they are.
MAX_PIXELS = Image.MAX_IMAGE_PIXELS

_PNG = b"\x89PNG\r\n\x1a\n"
# Of TIFF: what a picture is, a smaller copy for one; and what only cameras' raw files have.
_SUBFILE, _DNG = 254, 50706


class NotRead(ValueError):
    """A file is of no kind of picture that is read here; its text goes on after a name."""


class NotAPicture(NotRead):
    """A file's content is of no known kind of picture at all."""


def open_picture(file):
    """An open binary file as a picture of Pillow's, none of whose pixels are read yet.

    Raises:
        UnidentifiedImageError: If it is none; `refusal` says more.
        NotRead: If it is a camera's raw file.
        Exception: Of what kind ever, if it is damaged.
    """
    head, formats = _head(file), FORMATS
    if _is_heic(head) and _knows_heic():
        formats = (*FORMATS, "HEIF")
    try:
        picture = Image.open(file, formats=formats)
    except UnidentifiedImageError:
        if not head.startswith(_PNG):
            raise
        file.seek(0)
        picture = Image.open(_without_damaged_notes(file.read()), formats=formats)
    tags = getattr(picture, "tag_v2", {}) if picture.format == "TIFF" else {}
    if _DNG in tags or head[8:10] == b"CR" or tags.get(_SUBFILE, 0) == 1:
        # All that is seen of it here is a small preview.
        raise NotRead("is a camera's raw file: develop it, and save it as PNG or JPEG")
    return picture


def refusal(file):
    """The `NotRead` that says what a file is that Pillow does not know, and what helps."""
    head = _head(file)
    if head.startswith(EXR):
        return NotRead(
            "is an OpenEXR, of which only a material's maps are read, and not its colour: save it "
            "as PNG or JPEG of 8 bits, in sRGB"
        )
    if _is_heic(head):
        if _knows_heic():
            return NotRead("is a damaged HEIC or AVIF picture")
        return NotRead(
            "is a HEIC or AVIF picture, which is read where pillow-heif is installed (pip install "
            f"pillow-heif); or {CONVERT}"
        )
    return NotAPicture("is not a picture")


def _knows_heic():
    """Whether Pillow can read HEIC, from now on."""
    try:
        import pillow_heif
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _head(file):
    file.seek(0)
    head = file.read(12)
    file.seek(0)
    return head


def _is_heic(head):
    return head[4:8] == b"ftyp" and head[8:12] in _HEIC


def _without_damaged_notes(data):
    """A PNG without those chunks that a picture can do without and whose checksums are wrong."""
    kept, place = [_PNG], len(_PNG)
    while place < len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        body, checksum = data[place + 4 : end - 4], data[end - 4 : end]
        is_needed = data[place + 4 : place + 5].isupper()
        if is_needed or zlib.crc32(body).to_bytes(4, "big") == checksum:
            kept.append(data[place:end])
        place = end
    return io.BytesIO(b"".join(kept))


@contextlib.contextmanager
def pillow_quiet(max_pixels=MAX_PIXELS):
    """A block, for all threads, in which Pillow reads so large pictures, and without warnings.

    It warns of damage before it raises it.
    """
    before = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings(action="ignore"):
        Image.MAX_IMAGE_PIXELS = max_pixels
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before
