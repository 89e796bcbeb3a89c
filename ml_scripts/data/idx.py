"""Read IDX files, the format of MNIST and Fashion-MNIST, and say exactly what is wrong with one.

Layout: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
32-bit integer, then the values in row-major order. http://yann.lecun.com/exdb/mnist/
"""

import gzip
import itertools
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

import numpy as np

from job.errors import DataError

# The values of the format's third byte.
DTYPES: dict[int, np.dtype] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
UNSIGNED_BYTE = 0x08
IDX_START, GZIP_START = b"\0\0", b"\x1f\x8b"
INTEGERS = frozenset({0x08, 0x09, 0x0B, 0x0C})

# Nothing is decompressed beyond what the header promises, and no header may promise more.
MAX_BYTES = 4 * 1024**3
MAX_IMAGE_BYTES = 64 * 1024**2  # an image is in memory as a whole
LABEL_BYTES = 8  # of each label in memory, whatever it takes in the file
CHUNK_BYTES = 2 * 1024**2


class Kind(NamedTuple):
    """What a file has to hold."""

    what: str
    codes: frozenset[int]  # of the type of a value
    dimensions: tuple[int, ...]


IMAGES = Kind("uint8 images", frozenset({UNSIGNED_BYTE}), (3, 4))
LABELS = Kind("integer labels", INTEGERS, (1,))


class IdxFile:
    """An IDX file whose values are read chunk by chunk; its header is read, and held to, at once.

    path: of the file, gzipped or not. dtype: of a value, big-endian. shape: (n, ...).
    """

    def __init__(self, path: Path, kind: Kind, max_bytes: int = MAX_BYTES) -> None:
        self.path, self._kind = path, kind
        with _reading(path) as stream:
            self.dtype, self.shape = _read_header(path, stream, kind)
        # The first dimension may be 0: numpy refuses impossible images even where there are none.
        if max(self._bytes, math.prod(self.shape[1:])) > max_bytes:
            raise DataError(path.name, self._promise, f"at most {max_bytes:,}")
        if (image := self._row_bytes) > MAX_IMAGE_BYTES:
            found = f"images of {image:,} bytes"
            raise DataError(path.name, found, f"at most {MAX_IMAGE_BYTES:,} each")

    def __len__(self) -> int:
        """Return how many images or labels the header promises."""
        return self.shape[0]

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield the values in order, (k, ...) each.

        Raises:
            DataError: the file is damaged, or has less or more than its header promises. The end of
                the file is looked at only when everything before it has been taken.
        """
        at_once = max(1, CHUNK_BYTES // self._row_bytes)
        with _reading(self.path) as stream:
            _read_header(self.path, stream, self._kind)
            for first in range(0, len(self), at_once):
                yield self._read_rows(stream, first, min(at_once, len(self) - first))
            if stream.read(1):  # reaching the end also makes gzip check its CRC
                raise DataError(self.path.name, "more bytes after the values", self._promise)

    def _read_rows(self, stream: IO[bytes], first: int, count: int) -> np.ndarray:
        size = count * self._row_bytes
        content = stream.read(size)
        if len(content) < size:
            found = first * self._row_bytes + len(content)
            raise DataError(self.path.name, f"{found:,} bytes of values", self._promise)
        return np.frombuffer(content, self.dtype).reshape(count, *self.shape[1:])

    @property
    def _row_bytes(self) -> int:
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    @property
    def _bytes(self) -> int:
        return len(self) * self._row_bytes

    @property
    def _promise(self) -> str:
        shape = " x ".join(map(str, self.shape))
        return f"{self._bytes:,} bytes of values for the header's {shape}"


class ImagesFile(IdxFile):
    """A file of images: its chunks are (k, height, width, channels) uint8.

    The file has three dimensions, (n, height, width), or four with the channels last.

    Raises:
        DataError: the header is damaged, or of something else, or promises more than max_bytes.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        super().__init__(path, IMAGES, max_bytes)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width, channels)."""
        return (*self.shape[1:], 1)[:3]

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield the images in order; as IdxFile."""
        for images in super().chunks():
            yield images.reshape(len(images), *self.image_shape)


class LabelsFile(IdxFile):
    """A file of labels.

    Raises:
        DataError: the header is damaged, or of something else, or promises more labels than fit
            into max_bytes of memory.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        super().__init__(path, LABELS, max_bytes // LABEL_BYTES)

    def read(self) -> np.ndarray:
        """Return the labels, (n,) int64.

        Raises:
            DataError: the file is damaged.
        """
        return np.concatenate([np.empty(0, np.int64), *self.chunks()], dtype=np.int64)


@contextmanager
def _reading(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, and make of what gzip has to say a DataError."""
    try:
        with _open(path) as stream:
            yield stream
    except EOFError:
        raise DataError(path.name, "a truncated gzip stream", "a whole gzip file") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(path.name, f"corrupt gzip data ({error})", "a whole gzip file") from None


def _open(path: Path) -> IO[bytes]:
    """Open a file for reading, through gzip if it is gzipped; the one place that decides.

    The content decides: people rename what they pack, and browsers unpack what they download.
    """
    if not path.is_file():
        raise DataError(path.name, "no such file", "an IDX file")
    with path.open("rb") as file:
        start = file.read(2)
    named_so = path.suffix.lower() == ".gz" and start not in (b"", IDX_START)
    gzipped = start == GZIP_START or named_so
    return cast(IO[bytes], gzip.open(path)) if gzipped else path.open("rb")


def _read_header(path: Path, stream: IO[bytes], kind: Kind) -> tuple[np.dtype, tuple[int, ...]]:
    magic = stream.read(4)
    if not magic:
        raise DataError(path.name, "an empty file", f"an IDX file of {kind.what}")
    good = len(magic) == 4 and magic[:2] == b"\0\0"  # noqa: PLR2004
    if not (good and magic[2] in kind.codes and magic[3] in kind.dimensions):
        pairs = itertools.product(sorted(kind.codes), kind.dimensions)
        expected = " or ".join(f"0x0000{code:02x}{dimension:02x}" for code, dimension in pairs)
        raise DataError(path.name, f"magic 0x{magic.hex()}", f"{expected} ({kind.what})")
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(path.name, f"a header of {4 + len(sizes)} bytes", f"{4 + 4 * magic[3]}")
    shape = struct.unpack(f">{magic[3]}I", sizes)
    if 0 in shape[1:]:
        raise DataError(path.name, f"images of shape {shape[1:]}", "at least one pixel")
    return DTYPES[magic[2]], shape
