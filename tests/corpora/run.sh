#!/bin/sh
# Runs a public corpus of SQL in Stoa: `tests/corpora/run.sh sqlite|datafusion [FOLDER] [OPTIONS]`. Without FOLDER the corpus is
# brought from where it lives into an ignored folder beside this file. OPTIONS are the runner's: --jobs 2, --every 50, --only WORD ..
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
corpus=${1:?which corpus: sqlite or datafusion}
shift
version=55.2.0
folder=
case ${1:-} in
  '' | --*) ;;
  *) folder=$1 && shift ;;
esac

clone() {
  [ -d "$2" ] || git clone --quiet --depth 1 "https://github.com/$1" "$2"
}

# cargo brings the crate, which holds the files, by itself when it is asked what the crate is.
crate_folder() {
  find "${CARGO_HOME:-$HOME/.cargo}/registry/src" -maxdepth 2 -name "datafusion-sqllogictest-$version" 2>/dev/null | head -n 1
}

mkdir -p "$here/data"
case $corpus in
  sqlite)
    if [ -z "$folder" ]; then
      clone gregrahn/sqllogictest "$here/data/sqlite"
      folder=$here/data/sqlite/test
    fi
    ;;
  datafusion)
    if [ -z "$folder" ]; then
      [ -n "$(crate_folder)" ] || (cd "$here/data" && cargo info --quiet "datafusion-sqllogictest@$version" >/dev/null)
      folder=$(crate_folder)/test_files
    fi
    # The CSV files that some tables are made of are in a repository of their own; without them their queries are left out.
    clone apache/arrow-testing "$here/data/testing" 2>/dev/null || true
    set -- --data "$here/data" "$@"
    ;;
  *)
    echo "no corpus is called $corpus: sqlite or datafusion" >&2
    exit 2
    ;;
esac
cd "$here/../.."
exec cargo run --release --quiet -p stoa-tests --bin corpora -- "$corpus" "$folder" --report "$here/data/$corpus.md" "$@"
