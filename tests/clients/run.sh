#!/bin/sh
# Passes a session of every client program against a Stoa built before, and writes the table in README.md: `tests/clients/run.sh`;
# `--help` for the rest. What it installs goes below `.installed` beside this file, which is ignored, and to Debian's packages.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
exec python3 "$here/matrix.py" "$@"
