"""What the mode `ingest` prints of its result. Never measures."""

from report import milliseconds, table

TITLES = {
    "simple": "INSERT of one row, text",
    "prepared": "INSERT of one row, prepared",
    "pipelined": "100 prepared INSERTs before a Sync",
    "multi-row": "INSERT of 1000 rows",
}


def title(name):
    """A measurement's name in words."""
    how, _, connections = name.partition(", ")
    return f"{TITLES[how]}, {connections} connection{'s' if connections != '1' else ''}" if how in TITLES else name


def rate(one):
    """Rows a second."""
    return f"{one['rows_per_second']:,.0f}" if one and "rows_per_second" in one else "-"


def times(one, name):
    """Median and 99th percentile."""
    found = (one or {}).get(name, {})
    return [milliseconds(found.get(part)) for part in ("p50", "p99")]


def sync(one):
    """The time of a plain write and sync before the measurement and after it."""
    return " .. ".join(milliseconds(value) for value in one["sync"]) if one and "sync" in one else "-"


def cores(one):
    """Who kept the processors busy."""
    return [f"{one[f'{name}_cores']:.2f}" if one and f"{name}_cores" in one else "-" for name in ("database", "clients", "others")]


def tables(result):
    """Rates of all peers, with Stoa's statement times and shares; then Stoa's with questions beside."""
    peers = list(result["ingest"])
    names = list(dict.fromkeys(name for found in result["ingest"].values() for name in found))
    stoa = result["ingest"].get("Stoa", {})
    rows = []
    for name in names:
        own, rates = stoa.get(name), [rate(result["ingest"][peer].get(name)) for peer in peers]
        rows.append([title(name), *rates, *times(own, "statement"), sync(own), *cores(own)])
    header = ["rows/s", *peers, "Stoa's statement p50 ms", "p99 ms", "disk sync", "server's cores", "clients'", "others'"]
    found = [table(header, rows)]
    if result["beside"]:
        rows = []
        for name, one in result["beside"].items():
            rows.append([name, rate(one), *times(one, "statement"), sync(one), *times(one, "asked"), *cores(one)])
        waits = ["statement p50", "p99", "disk sync", "question p50", "p99"]
        header = ["Stoa, into the table asked", "rows/s", *waits, "server's cores", "clients'", "others'"]
        found.append(table(header, rows))
    return found
