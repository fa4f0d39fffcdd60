"""Passes a session of every client against Stoa: each in a process of its own with a time limit, against a server and data of its own.
Prints what failed, writes the table in README.md, and ends with 1 where a check failed."""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

import installs
from clients import CLIENTS
from servers import Postgres, Stoa

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
README = HERE / "README.md"
TABLE_BEGIN, TABLE_END = "<!-- The table is written by run.sh. -->", "<!-- Its end. -->"


class Result:
    """What became of a client's session."""

    def __init__(self, client):
        self.client, self.version, self.passed, self.failed, self.seconds = client, "", [], {}, 0.0

    def read(self, output):
        """Takes in the lines of a session; whether its last one came."""
        ended = False
        for line in output.splitlines():
            if line.startswith("ok "):
                self.passed.append(line[3:])
            elif line.startswith("not ok "):
                name, _, why = line[7:].partition(" # ")
                self.failed[name] = why
            elif line.startswith("version "):
                self.version = line[8:]
            elif line == "end":
                ended = True
        return ended

    def row(self):
        """The line of the table."""
        count = f"{len(self.passed)} / {len(self.passed) + len(self.failed)}"
        failed = "; ".join(self.failed).replace("|", "\\|")
        return f"| {self.client.shown} | {self.version} | {count} | {failed} |"


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("--stoa", default=str(ROOT / "target/debug/stoa"), help="the stoa binary, of any build (default target/debug)")
    parser.add_argument("--only", default="", help="only these clients: psycopg3,jdbc")
    parser.add_argument("--list", action="store_true", help="list the clients and end")
    parser.add_argument("--server", choices=["stoa", "postgres"], default="stoa", help="postgres: the sessions against a real PostgreSQL, which passes them all; writes no table")
    parser.add_argument("--verbose", action="store_true", help="print every line that sessions print")
    return parser.parse_args()


def command_of(client):
    """The session's command, everything it needs installed."""
    installs.debian({"psql": "postgresql-client", **client.needs})
    places = {"here": HERE, "python": installs.python(client.environment, client.packages)}
    if client.node:
        installs.node()
    if client.rust:
        places["rust"] = installs.rust()
    return [part.format(**places) for part in client.command]


def run_session(result, command, environment, options):
    """Runs it and takes in what it printed."""
    begin = time.monotonic()
    try:
        ended = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=result.client.seconds_max, cwd=HERE, check=False)
        output, errors, code = ended.stdout, ended.stderr, ended.returncode
    except subprocess.TimeoutExpired as expired:
        output, errors, code = ((text or b"").decode(errors="replace") for text in (expired.stdout, expired.stderr, b"time"))
    result.seconds = time.monotonic() - begin
    if options.verbose:
        print(output + errors, flush=True)
    if not result.read(output):
        result.failed["the session comes to its end"] = f"exit code {code}: " + " ".join(errors.split())[-600:]


def pass_session(client, options):
    """One client's session, from the installation to the end."""
    result = Result(client)
    try:
        command = command_of(client)
    except installs.Missing as missing:
        result.failed["installation"] = str(missing)
        return result
    server = Stoa(options.stoa) if options.server == "stoa" else Postgres()
    with server:
        environment = {**os.environ, **server.environment(), "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1", "PAGER": "cat"}
        if client.postgres:
            with Postgres() as beside:
                run_session(result, command, {**environment, "LOCAL_POSTGRES": beside.url()}, options)
        else:
            run_session(result, command, environment, options)
        if not server.is_running():
            result.failed["the server goes on"] = server.last_words()
    return result


def write_table(results):
    """Puts the lines of those that ran into README.md; the others stay."""
    text = README.read_text()
    before, rest = text.split(TABLE_BEGIN, 1)
    table, after = rest.split(TABLE_END, 1)
    lines = {line.split("|")[1].strip(): line for line in table.splitlines() if re.match(r"\| (?!client )[^-]", line)}
    lines.update({result.client.shown: result.row() for result in results if "installation" not in result.failed})
    shown = [lines[client.shown] for client in CLIENTS if client.shown in lines]
    head = ["", "| client | version | checks passed / all | failed |", "|---|---|---|---|"]
    README.write_text(before + TABLE_BEGIN + "\n".join([*head, *shown, ""]) + TABLE_END + after)


def main():
    """One run."""
    options = arguments()
    if options.list:
        print("\n".join(client.name for client in CLIENTS))
        return 0
    only = {name for name in options.only.split(",") if name}
    unknown = only - {client.name for client in CLIENTS}
    if unknown:
        print(f"no such client: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    if options.server == "stoa" and not os.access(options.stoa, os.X_OK):
        print(f"{options.stoa} is not there: build it (cargo build) or name another by --stoa", file=sys.stderr)
        return 2
    results = []
    for client in CLIENTS:
        if only and client.name not in only:
            continue
        result = pass_session(client, options)
        results.append(result)
        print(f"{client.name:<16} {result.version:<32} {len(result.passed):>4} passed {len(result.failed):>3} failed {result.seconds:>6.1f} s", flush=True)
        for name, why in result.failed.items():
            print(f"    not ok {name}: {why}", flush=True)
        if options.server == "stoa":
            write_table(results)
    passed, failed = (sum(len(getattr(result, what)) for result in results) for what in ("passed", "failed"))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
