"""TensorFlow and Keras are imported without what they would import for nobody here."""

import subprocess
import sys

CODE = """
import sys
import tensorflow_setup
print(sorted({"matplotlib", "pandas", "sklearn"} & set(sys.modules)))
import matplotlib, pandas, sklearn
"""


def test_keras_imports_no_plots_and_no_tables_but_they_can_be_imported(ml_scripts):
    ended = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ml_scripts, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.returncode) == ("[]\n", 0), ended.stderr
