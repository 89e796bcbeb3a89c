#!/bin/bash
# Entry script of both processing jobs:  process.sh SCRIPT [ARGUMENT...]
#
# Stands beside sourcedir.tar.gz in the job's "code" input. Unpacks it there, as AWS's own
# framework processors do, installs its requirements.txt if it has one, and becomes the script, so
# that the script gets the job's signals and its exit code is the job's.
set -euo pipefail

fail() {
    echo "error: $1" >&2
    local output="${SAGEMAKER_BASE_DIR:-/opt/ml}/output"
    mkdir -p "$output" && echo "$1" >"$output/message"
    exit 1
}

[ $# -ge 1 ] || fail "process.sh: found no script, expected: process.sh SCRIPT [ARGUMENT...]"

code="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
unpacked="$code/unpacked"
# What lies there already would be imported, and the bundle's digest is not of it.
mkdir "$unpacked" 2>/dev/null ||
    fail "code: found files in unpacked/ that are not of the bundle, delete them from the bucket"
has() {
    command -v "$1" >/dev/null || fail "the image has no $1, which process.sh runs"
}
has tar
has gzip
# Whoever can write this archive runs code here anyway, but nothing beside the folder is written.
# By bash alone, and tar's exit code is looked at: a list that failed must not pass for a good one.
listed="$(tar -tvzf "$code/sourcedir.tar.gz" 2>/dev/null)" ||
    fail "sourcedir.tar.gz: cannot be unpacked, expected the packed ml_scripts folder"
if [[ $'\n'"$listed" =~ $'\n'[^-d] ]]; then
    fail "sourcedir.tar.gz: found a link or a device in it, expected files and folders"
fi
tar -xzf "$code/sourcedir.tar.gz" -C "$unpacked" --no-same-owner --no-same-permissions ||
    fail "sourcedir.tar.gz: cannot be unpacked, expected the packed ml_scripts folder"
has python
cd "$unpacked"
[ -f "$1" ] || fail "sourcedir.tar.gz: found no $1 in it, expected the job's script"

if [ -f requirements.txt ] && ! python installed.py requirements.txt 2>/dev/null; then
    python -m pip install --quiet --disable-pip-version-check -r requirements.txt ||
        fail "requirements.txt: pip could not install it, see the log"
fi
exec python "$@"
