"""Runs a suite's queries, unchanged, in Stoa and in DuckDB on the same data, compares the answers row by row, and prints who took
how long. Ends with 1 where an answer differs or fails. See README.md for what "the same answer" means."""

import argparse
import pathlib
import shutil
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Stoa as a peer, and when two answers are the same, are told once, by the comparison of speed.
sys.path.insert(1, str(ROOT / "benches/compare"))

import clickbench
import kits
import ssb
from comparison import compare_published
from peer_stoa import Stoa
from ties import FullAnswer, compare

SUITES = {"tpch": kits.TpcH, "ssb": ssb.StarSchema, "clickbench": clickbench.ClickBench, "tpcds": kits.TpcDs}


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("suite", choices=sorted(SUITES))
    parser.add_argument("--scale", type=float, help="scale factor (default: the suite's own, small; clickbench: millions of rows)")
    parser.add_argument("--stoa", default=str(ROOT / "target/release/stoa"), help="the stoa binary, of any build (default target/release)")
    parser.add_argument("--data", default=str(HERE / "data"), help="where data and databases go")
    parser.add_argument("--only", default="", help="only these queries, by number: 1,14,95")
    parser.add_argument("--runs", type=int, default=2, help="hot runs of each query; the best counts (default 2)")
    parser.add_argument("--threads", type=int, default=2, help="threads each database may use (default 2)")
    parser.add_argument("--reuse", action="store_true", help="keep the database that an earlier run loaded into Stoa")
    parser.add_argument("--disable", default="", help="optimizer passes to leave out, as stoa.disabled_passes takes them")
    return parser.parse_args()


def timed(runs, ask, sql):
    """The answer, and the best time of the hot runs in seconds."""
    rows, best = ask(sql), None
    for _ in range(runs):
        begin = time.perf_counter()
        rows = ask(sql)
        spent = time.perf_counter() - begin
        best = spent if best is None else min(best, spent)
    return rows, best


def check(suite, number, sql, duckdb, stoa, runs):
    """One query in both: the line of the table."""
    line = {"query": number, "rows": "", "stoa": None, "duckdb": None, "verdict": "equal"}
    expected, line["duckdb"] = timed(runs, lambda text: duckdb.execute(text).fetchall(), sql)
    line["rows"] = len(expected)
    try:
        actual, line["stoa"] = timed(runs, lambda text: stoa.query(text, {}), sql)
    except Exception as error:  # whatever Stoa answers belongs to the table
        line["verdict"] = "FAILED: " + " ".join(str(error).split())[:240]
        return line
    full = FullAnswer(lambda text: duckdb.execute(text).fetchall(), sql, "duckdb")
    problem = compare(full, expected, actual)
    published = suite.published(duckdb, number)
    if problem is None and published is not None:
        problem = compare_published(published, actual)
        line["verdict"] = "equal, also to the published answer"
    if problem is not None:
        line["verdict"] = "DIFFERS: " + problem
    return line


def show(line):
    """A line of the table."""
    times = ["-" if line[who] is None else f"{line[who] * 1000:.1f}" for who in ("stoa", "duckdb")]
    ratio = f"{line['stoa'] / line['duckdb']:.2f}" if line["stoa"] and line["duckdb"] else "-"
    print(f"{line['query']:>5} {line['rows']:>7} {times[0]:>10} {times[1]:>10} {ratio:>7}  {line['verdict']}", flush=True)


def load(options, suite, folder):
    """Stoa, serving the suite's data."""
    data = folder / "database"
    if not options.reuse:
        shutil.rmtree(data, ignore_errors=True)
    is_loaded = (data / "stoa").exists()
    stoa = Stoa(data, options.threads, str(pathlib.Path(options.stoa).resolve()), str(folder))
    stoa.open()
    if not is_loaded:
        begin = time.perf_counter()
        stoa.load(suite.schema(), {table: str(folder / "parquet" / table) for table in suite.tables()})
        print(f"loaded in {time.perf_counter() - begin:.1f} s", file=sys.stderr)
    if options.disable:
        stoa.connection.execute(f"SET stoa.disabled_passes = '{options.disable}'")
    return stoa


def main():
    """One run."""
    options = arguments()
    suite = SUITES[options.suite](options.scale)
    folder = pathlib.Path(options.data).resolve() / f"{options.suite}-{suite.scale:g}"
    duckdb = suite.open_duckdb(folder / "parquet")
    duckdb.execute(f"SET threads = {options.threads}")
    # As Postgres has it: NULLs after everything else, so first in descending order; whole numbers divide to whole numbers.
    duckdb.execute("SET default_null_order = 'nulls_last_on_asc_first_on_desc'")
    duckdb.execute("SET integer_division = true")
    stoa = load(options, suite, folder)
    only = {int(number) for number in options.only.split(",") if number}
    print(f"{'query':>5} {'rows':>7} {'Stoa ms':>10} {'DuckDB ms':>10} {'ratio':>7}  answer")
    lines = []
    try:
        for number, sql in suite.queries(duckdb):
            if not only or number in only:
                lines.append(check(suite, number, sql, duckdb, stoa, options.runs))
                show(lines[-1])
    finally:
        stoa.close()
    good = sum(line["verdict"].startswith("equal") for line in lines)
    print(f"{options.suite} at scale {suite.scale:g}: {good} passed, {len(lines) - good} failed")
    return 0 if lines and good == len(lines) else 1


if __name__ == "__main__":
    sys.exit(main())
