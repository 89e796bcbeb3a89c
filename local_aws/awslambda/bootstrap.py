"""The first file that a function's process runs: AWS's runtime client on AWS's search path.

    python -I -S bootstrap.py <task root> <runtime folder> <handler>

Run with -I and -S, so that `sys.path` holds the standard library only; what Lambda's own Python
runtime holds besides is in the runtime folder, and this file too, as AWS's is in /var/runtime. The
source tree and the rest of the environment that the embedded AWS runs in cannot be imported.
"""

import sys


def main() -> None:
    task_root, runtime_folder, handler = sys.argv[1:]
    sys.path[:0] = [task_root]
    sys.path.append(runtime_folder)
    from awslambdaric.__main__ import main as run  # noqa: PLC0415

    run(["awslambdaric", handler])


main()
