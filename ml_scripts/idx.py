"""Read IDX files, the format of MNIST and Fashion-MNIST, and say exactly what is wrong with one.

Layout: two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
32-bit integer, then the values in row-major order. http://yann.lecun.com/exdb/mnist/
"""

import gzip
import itertools
import math
import struct
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

from errors import DataError

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
INTEGERS = frozenset({0x08, 0x09, 0x0B, 0x0C})

# Nothing is decompressed beyond what the header promises, and no header may promise more.
MAX_BYTES = 4 * 1024**3
LABEL_BYTES = 8  # of each label in memory, whatever it takes in the file
CHUNK_BYTES = 4 * 1024**2


def read_images(path: Path, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Return the images of an IDX file, (n, height, width, channels) uint8.

    The file has three dimensions, (n, height, width), or four with the channels last.

    Raises:
        DataError: the file is damaged, holds something else, or is larger than max_bytes.
    """
    images = _read(path, frozenset({UNSIGNED_BYTE}), (3, 4), "uint8 images", max_bytes)
    return images if images.ndim == 4 else images[..., np.newaxis]  # noqa: PLR2004


def read_labels(path: Path, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Return the labels of an IDX file, (n,) int64.

    Raises:
        DataError: the file is damaged, holds something else, or is larger than max_bytes.
    """
    most = max_bytes // LABEL_BYTES
    return _read(path, INTEGERS, (1,), "integer labels", most).astype(np.int64)


def _read(
    path: Path, codes: frozenset[int], dimensions: tuple[int, ...], what: str, max_bytes: int
) -> np.ndarray:
    try:
        with _open(path) as stream:
            dtype, shape = _read_header(path, stream, codes, dimensions, what)
            return _read_values(path, stream, dtype, shape, max_bytes)
    except EOFError:
        raise DataError(path.name, "a truncated gzip stream", "a whole gzip file") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(path.name, f"corrupt gzip data ({error})", "a whole gzip file") from None


def _open(path: Path) -> IO[bytes]:
    """Open a file for reading, through gzip if its name says so; the one place that decides."""
    if not path.is_file():
        raise DataError(path.name, "no such file", "an IDX file")
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _read_header(
    path: Path, stream: IO[bytes], codes: frozenset[int], dimensions: tuple[int, ...], what: str
) -> tuple[np.dtype, tuple[int, ...]]:
    magic = stream.read(4)
    good = len(magic) == 4 and magic[:2] == b"\0\0"  # noqa: PLR2004
    if not (good and magic[2] in codes and magic[3] in dimensions):
        pairs = itertools.product(sorted(codes), dimensions)
        expected = " or ".join(f"0x0000{code:02x}{dimension:02x}" for code, dimension in pairs)
        raise DataError(path.name, f"magic 0x{magic.hex()}", f"{expected} ({what})")
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DataError(path.name, f"a header of {4 + len(sizes)} bytes", f"{4 + 4 * magic[3]}")
    shape = struct.unpack(f">{magic[3]}I", sizes)
    if 0 in shape[1:]:
        raise DataError(path.name, f"images of shape {shape[1:]}", "at least one pixel")
    return DTYPES[magic[2]], shape


def _read_values(
    path: Path, stream: IO[bytes], dtype: np.dtype, shape: tuple[int, ...], max_bytes: int
) -> np.ndarray:
    expected = math.prod(shape) * dtype.itemsize
    promise = f"{expected:,} bytes of values for the header's {' x '.join(map(str, shape))}"
    # The first dimension may be 0: numpy refuses impossible images even where there are none.
    if max(expected, math.prod(shape[1:])) > max_bytes:
        raise DataError(path.name, promise, f"at most {max_bytes:,}")
    values = np.empty(shape, dtype)  # the pages are touched only as the values arrive
    if (found := _fill(values.reshape(-1).view(np.uint8).data, stream)) < expected:
        raise DataError(path.name, f"{found:,} bytes of values", promise)
    if stream.read(1):  # reaching the end also makes gzip check its CRC
        raise DataError(path.name, "more bytes after the values", promise)
    return values


def _fill(buffer: memoryview, stream: IO[bytes]) -> int:
    """Read into the buffer until it is full or the stream ends; return the bytes read."""
    filled = 0
    while filled < len(buffer):
        chunk = stream.read(min(CHUNK_BYTES, len(buffer) - filled))
        if not chunk:
            break
        buffer[filled : filled + len(chunk)] = chunk
        filled += len(chunk)
    return filled
