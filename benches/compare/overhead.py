"""The mode `server`: what the server itself costs. The round trip of `SELECT 1`, simple and prepared, and the rate at which a large
result leaves in binary, each beside what the loopback does between two Python processes without a server. The client counts bytes
and never interprets them while it measures; what they hold is checked before."""

import generators
import machine
import mode
import overhead_client as client
import wire
from peer_stoa import Stoa
from report import table

TABLE = "CREATE TABLE wide (number bigint NOT NULL, square bigint NOT NULL, half double precision NOT NULL, share double precision NOT NULL)"
FILL = "INSERT INTO wide SELECT n, n * 3, n / 2.0::float8, n / 1024.0::float8 FROM generate_series(1, {rows}) AS series(n)"
COLUMNS = 4
# A row in binary COPY: a count of fields, and length and value of each. As a message each row has a kind and a length before it.
COPY_ROW, MESSAGE = 2 + COLUMNS * 12, 5
# What the columns are of a row's number.
FACTORS = (1, 3, 0.5, 1 / 1024)
ASKED = {"round trip": 100e-6, "export": 1e9}


def options_of(arguments):
    """The command line."""
    found = mode.parser("server", __doc__, "10M")
    found.add_argument("--round-trips", type=int, default=20000, help="of each kind (default 20000)")
    found.add_argument("--runs", type=int, default=3, help="of each export (default 3)")
    return mode.read(found, arguments)


def round_trips(options, peer):
    """Times of `SELECT 1`, and of the same number of bytes to and from a process that only echoes."""
    connection = wire.connect(peer.port)
    wire.check(wire.ask(connection, wire.parse("one", "SELECT 1") + wire.SYNC))
    kinds = {"simple": wire.simple("SELECT 1"), "prepared, binary": wire.execute("one", binary=True) + wire.SYNC}
    found = {}
    for name, request in kinds.items():
        expected = wire.check(wire.ask(connection, request))
        rows = [body for kind, body in wire.messages(expected) if kind == b"D"]
        if [row[6:] for row in rows] not in ([b"1"], [b"\0\0\0\1"]):
            raise wire.WireError(f"SELECT 1 answers {rows!r}")
        shares = machine.Shares(peer.server.pid)
        times, own = client.round_trips(connection, request, expected, options.round_trips)
        found[name] = {**mode.spread(times), **shares.end(sum(times), own)}
        found[f"echo of {len(request)} and {len(expected)} bytes"] = mode.spread(client.echo(request, expected, options.round_trips))
    return found


def exports(rows):
    """Ways a result leaves: the request, the bytes that are one row, and the bytes of the whole answer that are rows."""
    query = "SELECT number, square, half, share FROM wide"
    copy = wire.simple(f"COPY ({query}) TO STDOUT (FORMAT binary)")
    return {
        "COPY binary": (copy, rows * COPY_ROW),
        "extended, binary": (wire.parse("", query) + wire.execute("", binary=True) + wire.SYNC, rows * (COPY_ROW + MESSAGE)),
    }


def check_values(peer):
    """Looks at every value of some rows, in both ways."""
    connection, rows = wire.connect(peer.port), 100_000
    query = f"SELECT number, square, half, share FROM wide WHERE number <= {rows} ORDER BY number"
    copied = wire.ask(connection, wire.simple(f"COPY ({query}) TO STDOUT (FORMAT binary)"))
    # After the signature, flags and length of extension; before the mark of the end.
    data = b"".join(body for kind, body in wire.messages(wire.check(copied)) if kind == b"d")[19:-2]
    client.check_rows(data, rows, FACTORS, "COPY binary")
    answer = wire.check(wire.ask(connection, wire.parse("", query) + wire.execute("", binary=True) + wire.SYNC))
    client.check_rows(b"".join(body for kind, body in wire.messages(answer) if kind == b"D"), rows, FACTORS, "extended, binary")


def leave(options, peer, rows):
    """Bytes a second of each way, the fastest of some runs, and of a plain copy of as many bytes."""
    found, connection = {}, wire.connect(peer.port)
    for name, (request, least) in exports(rows).items():
        runs = []
        for _ in range(options.runs):
            shares = machine.Shares(peer.server.pid)
            seconds, own, count = client.receive(connection, request)
            if not least <= count <= least * 1.12 + 4096:
                raise wire.WireError(f"{name}: {count} bytes instead of {least} and what frames them")
            runs.append({"seconds": seconds, "bytes": count, "bytes_per_second": count / seconds, **shares.end(seconds, own)})
        found[name] = max(runs, key=lambda run: run["bytes_per_second"])
        mode.progress(f"{name}: {found[name]['bytes_per_second'] / 1e6:.0f} MB/s")
    runs = [client.plain_copy(found["COPY binary"]["bytes"]) for _ in range(options.runs)]
    found["plain socket"] = {"bytes": found["COPY binary"]["bytes"], "bytes_per_second": max(runs)}
    return found


def tables(result, rows):
    """What is printed."""
    trips = [
        [name, *(f"{one[part] * 1e6:.0f}" for part in ("p50", "p99", "worst")), *shares_of(one)] for name, one in result["round_trips"].items()
    ]
    exported = []
    for name, one in result["exports"].items():
        rate = one["bytes_per_second"]
        row_rate = f"{rows * rate / one['bytes'] / 1e6:.1f}" if "seconds" in one else "-"
        exported.append([name, f"{rate / 1e6:.0f}", row_rate, f"{one['bytes'] / 1e6:.0f}", *shares_of(one)])
    cores = ["server's cores", "client's", "others'"]
    notes = f"Asked: a round trip in {ASKED['round trip'] * 1e6:.0f} microseconds, {ASKED['export'] / 1e9:.0f} GB/s of a binary result."
    first = table(["SELECT 1 (microseconds)", "p50", "p99", "worst", *cores], trips)
    return [first, table([f"{rows} rows leave", "MB/s", "M rows/s", "MB", *cores], exported), notes]


def shares_of(one):
    """The cores' cells."""
    return [f"{one[f'{name}_cores']:.2f}" if f"{name}_cores" in one else "-" for name in ("database", "clients", "others")]


def main(arguments):
    """One run."""
    options = options_of(arguments)
    rows, result = generators.count(options.rows), mode.head(options)
    folder = mode.folder(options)
    peer = Stoa(folder, options.threads, options.stoa, str(folder))
    peer.open()
    try:
        result["versions"]["Stoa"] = peer.version()
        result["round_trips"] = round_trips(options, peer)
        peer.connection.execute(TABLE)
        peer.connection.execute(FILL.format(rows=rows))
        check_values(peer)
        result["exports"] = leave(options, peer, rows)
    finally:
        peer.close()
    return mode.finish(options, result, tables(result, rows))
