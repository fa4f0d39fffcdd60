#!/bin/sh
# Runs whole suites of queries in Stoa and in DuckDB on the same small data and compares the answers: `tests/suites/run.sh tpcds`;
# `--help` for the rest. Everything it makes (a virtual environment, data, databases) stays in ignored folders beside this file.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if [ ! -e "$here/.venv/ready" ] || [ "$here/requirements.txt" -nt "$here/.venv/ready" ]; then
  python3 -m venv "$here/.venv"
  "$here/.venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  touch "$here/.venv/ready"
fi
exec "$here/.venv/bin/python" "$here/suites.py" "$@"
