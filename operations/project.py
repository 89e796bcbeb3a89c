"""The folder of the project that a pipeline.toml belongs to."""

from pathlib import Path

# What the Lambdas are deployed from, under the name that no other project has at its top.
MARK = Path("vendor", "lambdas")


def project_of(config: Path) -> Path:
    """The nearest folder, from that of the file upwards, that the application is deployed from.

    So the pipelines of `examples/` share the application, the embedded AWS and `.retrain/` with
    the one at the top. Without such a folder it is that of the file.
    """
    folder = config.resolve().parent
    return next((each for each in (folder, *folder.parents) if (each / MARK).is_dir()), folder)
