"""Tables for people out of the results that go to JSON."""

import math
import statistics


def milliseconds(seconds):
    """A time in a table."""
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.1f}" if seconds < 1 else f"{seconds * 1000:.0f}"


def table(header, rows):
    """Columns aligned, the first to the left, the others to the right."""
    rows = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) if place == 0 else cell.rjust(width) for place, (cell, width) in enumerate(zip(row, widths))) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def ratio(query, subject="Stoa"):
    """Stoa's hot time through the faster peer's, a millisecond added to each; `None` where one has none."""
    hot = {peer: times["hot_min"] for peer, times in query["times"].items() if times.get("hot_min") is not None}
    peers = [seconds for peer, seconds in hot.items() if peer != subject]
    if subject not in hot or not peers:
        return None
    return (hot[subject] + 0.001) / (min(peers) + 0.001)


def geometric_mean(values):
    """The mean of ratios."""
    return math.exp(statistics.fmean(math.log(value) for value in values)) if values else None


def load_table(result):
    """Loading: time, rate, size, memory."""
    rows = []
    for peer in result["peers"]:
        load = result["load"].get(peer)
        if not load:
            rows.append([peer, "failed", "", "", ""])
            continue
        rate = result["row_count"] / load["seconds"] / 1e6
        size, memory = load["disk_bytes"] / 2**20, load["peak_memory_bytes"] / 2**30
        rows.append([peer, f"{load['seconds']:.1f}", f"{rate:.2f}", f"{size:.0f}", f"{memory:.2f}"])
    return table(["load", "seconds", "M rows/s", "MiB on disk", "peak GiB"], rows)


def query_table(result):
    """Hot minimum and first run of each query."""
    peers = result["peers"]
    header = ["query (ms)"] + [f"{peer} hot" for peer in peers] + [f"{peer} first" for peer in peers] + ["ratio", "answers"]
    rows = []
    for query in result["queries"]:
        times = query["times"]
        own = ratio(query)
        rows.append(
            [query["name"]]
            + [milliseconds(times.get(peer, {}).get("hot_min")) for peer in peers]
            + [milliseconds(times.get(peer, {}).get("first")) for peer in peers]
            + ["-" if own is None else f"{own:.2f}", query["verdict"]]
        )
    return table(header, rows)


def summary(result):
    """Geometric means, where Stoa is behind, what went wrong."""
    lines = []
    ratios = {query["name"]: ratio(query) for query in result["queries"]}
    known = {name: value for name, value in ratios.items() if value is not None}
    if known:
        lines.append(f"geometric mean of Stoa / faster peer (+1 ms): {geometric_mean(list(known.values())):.3f} over {len(known)} queries")
        behind = sorted((value, name) for name, value in known.items() if value > 1)
        lines.append("Stoa is behind in: " + (", ".join(f"{name} ({value:.2f})" for value, name in reversed(behind)) or "none"))
    for query in result["queries"]:
        lines += [f"{query['name']}: {peer}: {message}" for peer, message in query["problems"].items()]
    lines += [f"load: {peer}: {message}" for peer, message in result["problems"].items()]
    return "\n".join(lines)


def text(result):
    """The whole report."""
    machine = result["machine"]
    head = [
        f"{result['suite']}, {result['row_count']} rows, {result['threads']} threads, hot = minimum of {result['hot_runs']} runs",
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']},"
        f" load average before {machine['load_average_before']}",
        "; ".join(result["versions"].values()),
    ]
    return "\n\n".join(["\n".join(head), load_table(result), query_table(result), summary(result)])
