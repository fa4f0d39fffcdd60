"""What the mode `concurrency` prints and draws of its result. Never measures."""

from report import milliseconds, table

PARTS = ("p50", "p99", "worst")


def base_of(crowds):
    """The median of one connection that does not pause: what the others are compared with."""
    return next((crowd["p50"] for crowd in crowds if crowd["connections"] == 1 and not crowd["pause"]), None)


def times(value):
    """A multiple in a table."""
    return "-" if value is None else f"{value:.1f}x"


def crowd_rows(peer, crowds):
    """A row per number of connections, with and without pauses."""
    base = base_of(crowds)
    for crowd in crowds:
        against = crowd["p99"] / base if base and crowd["p99"] else None
        clients = f"{crowd['clients_cores']:.2f}" if peer == "Stoa" else "-"
        yield [
            f"{peer}, {crowd['connections']}, " + (f"pause {crowd['pause']:g} s" if crowd["pause"] else "no pause"),
            f"{crowd['queries_per_second']:.0f}",
            *(milliseconds(crowd[part]) for part in PARTS),
            times(against),
            "-" if crowd["pause"] else f"{crowd['fewest']:.2f}",
            f"{crowd['database_cores']:.2f}",
            clients,
            f"{crowd['others_cores']:.2f}",
        ]


def beside_rows(peer, found):
    """Short questions without and with long ones beside them, and the long ones without and with the short."""
    alone = found["alone"]["short"]
    yield [f"{peer}, alone", *(milliseconds(alone[part]) for part in PARTS), *["-"] * 7]
    for name, one in found.items():
        if name == "alone":
            continue
        short = one["short"]
        slower = [short[part] / alone[part] if short[part] and alone[part] else None for part in ("p50", "p99")]
        long = [milliseconds(times_of["p50"]) for times_of in (one["long_alone"], one["long"])]
        shares = [f"{one[f'{whose}_cores']:.2f}" for whose in ("database", "others")]
        yield [f"{peer}, {name}", *(milliseconds(short[part]) for part in PARTS), *map(times, slower), *long, one["long"]["count"], *shares]


def tables(result):
    """Both tables, and what they mean."""
    crowds = [row for peer, found in result["measurements"].items() for row in crowd_rows(peer, found["crowds"])]
    header = ["connections", "queries/s", "p50 ms", "p99 ms", "worst", "p99/median(1)", "least served", "database", "clients", "others"]
    beside = [row for peer, found in result["measurements"].items() for row in beside_rows(peer, found["beside"])]
    notes = (
        "p99/median(1): through the median of one connection without pauses. least served: the connection with the fewest answers, through\n"
        "the mean. database, clients, others: cores busy with each, others being whatever else ran on the machine. Without pauses, N\n"
        "connections wait at least N / (queries/s) on average, whatever the order they are served in."
    )
    second = ["short ones beside", *PARTS, "p50/alone", "p99/alone", "long p50 alone", "long p50", "long ones", "database", "others"]
    title = "4 connections with short questions (mean pause 20 ms) alone, and beside 2 connections with long ones; milliseconds:"
    return [table(header, crowds), notes, title + "\n" + table(second, beside)]


def picture(result):
    """Medians and 99th percentiles by peer, for the chart."""
    found = {}
    for peer, measured in result["measurements"].items():
        for crowd in measured["crowds"]:
            for part in ("p50", "p99"):
                pause = f", pause {crowd['pause']:g} s" if crowd["pause"] else ""
                found.setdefault(f"{crowd['connections']} connections{pause}: {part}", {})[peer] = crowd[part]
        for name, one in measured["beside"].items():
            for part in ("p50", "p99"):
                found.setdefault(f"short, {'alone' if name == 'alone' else 'beside ' + name}: {part}", {})[peer] = one["short"][part]
    return {name: {peer: value for peer, value in values.items() if value} for name, values in found.items()}
