"""A registered model as TensorFlow Serving runs it, without the server."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np


def load(archive: bytes, folder: Path, dtype: str = "uint8") -> Callable[[np.ndarray], np.ndarray]:
    """Unpack a model.tar.gz into `folder` and return its model as a function of raw input.

    As TensorFlow Serving does: the SavedModel of the highest numbered folder, by the tag `serve`
    and the signature `serving_default`, https://www.tensorflow.org/tfx/serving/serving_basic.
    """
    import tensorflow as tf  # noqa: PLC0415 (takes seconds)

    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    version = max(int(path.name) for path in folder.iterdir() if path.name.isdigit())
    served = tf.saved_model.load(str(folder / str(version)), tags=["serve"])
    signature = served.signatures["serving_default"]
    ((name, taken),) = signature.structured_input_signature[1].items()
    assert taken.dtype == dtype

    def predict(raw: np.ndarray) -> np.ndarray:
        assert served  # the signature alone would not keep the variables
        (probabilities,) = signature(**{name: tf.constant(raw)}).values()
        answer: np.ndarray = probabilities.numpy()
        return answer

    return predict
