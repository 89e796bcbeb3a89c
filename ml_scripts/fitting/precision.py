"""In how many bits a network computes; its weights have 32 in any case.

bfloat16 has the range of float32 and 8 bits of its precision: a product needs half the memory, and
a processor with AMX makes several times as many. Without AMX it is emulated, and slower.
Kalamkar et al.: A Study of BFLOAT16 for Deep Learning Training, 2019,
https://arxiv.org/abs/1905.12322. https://www.tensorflow.org/guide/mixed_precision
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AUTO, FLOAT32, BFLOAT16 = "auto", "float32", "bfloat16"
PRECISIONS = (FLOAT32, BFLOAT16, AUTO)

_CPU = Path("/proc/cpuinfo")
_MULTIPLIES_BFLOAT16 = "amx_bf16"  # https://docs.kernel.org/arch/x86/cpuinfo.html


def resolved(precision: str, cpu: Path = _CPU) -> str:
    """Return FLOAT32 or BFLOAT16; for AUTO what this processor is faster with."""
    if precision != AUTO:
        return precision
    try:
        flags = cpu.read_text().split()
    except OSError:  # not Linux
        return FLOAT32
    return BFLOAT16 if _MULTIPLIES_BFLOAT16 in flags else FLOAT32


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Let the layers that are made meanwhile compute so; `precision` is what `resolved` gives."""
    from fitting.tensorflow_setup import keras  # noqa: PLC0415 - takes seconds

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == BFLOAT16 else precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
