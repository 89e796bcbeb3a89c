"""What the Lambdas raise on purpose.

::

    RetrainError
    ├── ThrottlingError            AWS throttled or failed a call: the state is worth retrying
    ├── AccessDeniedError          AWS refused a call: retried, since a new right takes its time
    ├── UnfinishedCopyError        a run's data take longer to copy than one call may: retried
    ├── SettingsError              the function's environment is not what the deployment sets
    ├── InvalidInputError          an execution input or payload with an unknown or ill-typed field
    ├── InvalidEvaluationError     an evaluation.json that cannot be judged (becomes a reject)
    ├── CodeError                  the bundle of the jobs' code is gone or was overwritten
    ├── ImageError                 a container image that is not there, or that may not be read
    ├── RunIdTakenError            another execution's plan lies where this one's would
    ├── ReproductionError          a run whose inputs are gone, changed, or not for this pipeline
    └── DataSetError
        ├── NoCompleteDataSetError    no data set has all its files
        ├── IncompleteDataSetError    the named data set lacks files
        ├── ArchivedDataError         its files lie in an archive of S3 and have to be restored
        ├── ManifestError             its manifest.json cannot be used
        ├── ShardingError             its files cannot be shared out among so many instances
        └── DataSetChangedError       its files were replaced after the execution was asked for

Lambda reports the class name as the error's name, which is what ``ErrorEquals`` matches in the
state machine: renaming one is a breaking change.
"""


class RetrainError(Exception):
    """Anything this package raises on purpose."""


class ThrottlingError(RetrainError):
    """AWS throttled a call, failed on its side or was not reached: later it may well work."""


class AccessDeniedError(RetrainError):
    """AWS refused a call for lack of a right, which may only not be known everywhere yet."""


class UnfinishedCopyError(RetrainError):
    """The time of the call is nearly over, and the run's data are not all copied: call again."""


class SettingsError(RetrainError):
    """An environment variable is missing or malformed."""


class InvalidInputError(RetrainError):
    """A field of an execution input or payload is unknown, ill-typed or not allowed."""


class InvalidEvaluationError(RetrainError):
    """evaluation.json is missing, too large, or not strict JSON."""


class CodeError(RetrainError):
    """The code bundle that the jobs would execute is not the one that was deployed."""


class ImageError(RetrainError):
    """The container image of a job or a model is gone, or may not be looked up."""


class RunIdTakenError(RetrainError):
    """The folder of an execution's run is that of another execution."""


class ReproductionError(RetrainError):
    """A run cannot be reproduced: its plan, data or code is gone, changed, or of another kind."""


class DataSetError(RetrainError):
    """A data set cannot be trained on."""


class NoCompleteDataSetError(DataSetError):
    """No data set in the bucket has all the required files."""


class IncompleteDataSetError(DataSetError):
    """The named data set lacks required files."""


class ArchivedDataError(DataSetError):
    """A file of the data set lies in an archive of S3, from which nobody can read it."""


class ManifestError(DataSetError):
    """The data set's manifest.json is unreadable or malformed; such a data set is incomplete."""


class ShardingError(DataSetError):
    """The data set has fewer files to share out than there are instances to preprocess it."""


class DataSetChangedError(DataSetError):
    """The data set's files are not, or no longer, the ones that the fingerprint was taken of."""
