"""pgbench: its own tables made and filled, its built-in scripts in every protocol, scripts of one's own."""

import pathlib
import re
import subprocess
import tempfile

from checks import Checks, equal

check = Checks()
check.version(subprocess.run(["pgbench", "--version"], capture_output=True, text=True).stdout.split(")")[1].split("(")[0].strip())


def pgbench(*arguments, code=0):
    """What pgbench reports."""
    ended = subprocess.run(["pgbench", *arguments], capture_output=True, text=True, timeout=200)
    if ended.returncode != code:
        raise AssertionError(f"exit code {ended.returncode}: {ended.stderr[-300:]}")
    return ended.stdout + ended.stderr


def ask(sql):
    ended = subprocess.run(["psql", "-X", "-q", "-At", "-c", sql], capture_output=True, text=True)
    return ended.stdout.strip() or ended.stderr


def processed(report):
    """Transactions processed and failed."""
    done = re.search(r"transactions actually processed: (\d+)", report)
    failed = re.search(r"number of failed transactions: (\d+)", report)
    return int(done.group(1)), int(failed.group(1)) if failed else 0


@check("initialize")
def _():
    pgbench("-i", "-q", "-s", "1")
    equal(ask("SELECT count(*) FROM pgbench_accounts"), "100000")
    equal(ask("SELECT contype FROM pg_constraint WHERE conrelid = 'pgbench_accounts'::regclass"), "p")


check.equal("initialize again, on the server", lambda: "done in" in pgbench("-i", "-I", "dtGvp", "-q"), True)
for mode in ("simple", "extended", "prepared"):

    @check(f"TPC-B, {mode}")
    def _(mode=mode):
        before = int(ask("SELECT count(*) FROM pgbench_history"))
        equal(processed(pgbench("-n", "-t", "10", "-M", mode)), (10, 0))
        equal(int(ask("SELECT count(*) FROM pgbench_history")), before + 10)

    check.equal(f"select only, {mode}", lambda mode=mode: processed(pgbench("-n", "-S", "-c", "4", "-j", "2", "-t", "50", "-M", mode)), (200, 0))

check.equal("simple update", lambda: processed(pgbench("-n", "-N", "-t", "10")), (10, 0))


@check("conflicting clients try again")
def _():
    done, failed = processed(pgbench("-n", "-c", "4", "-t", "5", "--max-tries=100"))
    equal((done, failed), (20, 0))
    equal(ask("SELECT (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT sum(tbalance) FROM pgbench_tellers)"), "t")


@check("a script of one's own")
def _():
    script = pathlib.Path(tempfile.mkdtemp()) / "own.sql"
    script.write_text("\\set id random(1, 3)\nSELECT name FROM shop.customers WHERE customer_id = :id \\gset\n\\startpipeline\nSELECT 1;\nSELECT 2;\n\\endpipeline\n")
    equal(processed(pgbench("-n", "-t", "20", "-M", "extended", "-f", str(script))), (20, 0))


check.equal("vacuum before a run", lambda: processed(pgbench("-S", "-t", "5")), (5, 0))
check.equal("clean up", lambda: "done in" in pgbench("-i", "-I", "d"), True)
check.end()
