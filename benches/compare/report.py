"""Tables for people out of the results that go to JSON."""

import math
import statistics

import chart


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


def times_of(query, which):
    """A query's times in a line."""
    return ", ".join(f"{peer} {milliseconds(times.get(which))} ms" for peer, times in query["times"].items())


def ratio(query, which, subject="Stoa"):
    """Stoa's time (`hot_min` or `cold`) through the faster peer's, a millisecond added to each; `None` where one has none."""
    known = {peer: times[which] for peer, times in query["times"].items() if times.get(which) is not None}
    peers = [seconds for peer, seconds in known.items() if peer != subject]
    if subject not in known or not peers:
        return None
    return (known[subject] + 0.001) / (min(peers) + 0.001)


def geometric_mean(values):
    """The mean of ratios."""
    return math.exp(statistics.fmean(math.log(value) for value in values)) if values else None


def known_ratios(result, which):
    """Stoa's ratio in every query that has one, by the query's name."""
    ratios = {query["name"]: ratio(query, which) for query in result["queries"]}
    return {name: value for name, value in ratios.items() if value is not None}


def speed(result, which):
    """The geometric mean over all queries of (faster peer + 1 ms) / (Stoa + 1 ms): above 1, Stoa is faster."""
    return geometric_mean([1 / value for value in known_ratios(result, which).values()])


def load_table(result):
    """Loading: time, rate, size, memory; and the memory of the queries."""
    rows = []
    for peer in result["peers"]:
        load = result["load"].get(peer)
        queries = f"{result['query_peak_memory_bytes'].get(peer, 0) / 2**30:.2f}"
        if not load:
            rows.append([peer, "none" if peer in result["query_peak_memory_bytes"] else "failed", "", "", "", queries])
            continue
        rate = result["row_count"] / load["seconds"] / 1e6
        size, memory = load["disk_bytes"] / 2**20, load["peak_memory_bytes"] / 2**30
        rows.append([peer, f"{load['seconds']:.1f}", f"{rate:.2f}", f"{size:.0f}", f"{memory:.2f}", queries])
    return table(["load", "seconds", "M rows/s", "MiB on disk", "peak GiB", "peak GiB of queries"], rows)


def query_table(result):
    """Hot minimum and cold run of each query."""
    peers = result["peers"]
    header = ["query (ms)"] + [f"{peer} hot" for peer in peers] + ["ratio"] + [f"{peer} cold" for peer in peers] + ["ratio", "answers"]
    rows = []
    for query in result["queries"]:
        times = query["times"]
        cells = [query["name"]]
        for which in ("hot_min", "cold"):
            own = ratio(query, which)
            cells += [milliseconds(times.get(peer, {}).get(which)) for peer in peers]
            cells.append("-" if own is None else f"{own:.2f}")
        rows.append([*cells, query["verdict"]])
    return table(header, rows)


def summary(result):
    """Geometric means, where Stoa is behind, what went wrong."""
    lines, known = [], known_ratios(result, "hot_min")
    if known:
        behind = sorted((value, name) for name, value in known.items() if value > 1)
        mean = f"{speed(result, 'hot_min'):.3f} hot"
        if known_ratios(result, "cold"):
            mean += f", {speed(result, 'cold'):.3f} cold"
        lines.append(f"{size(result)}: geometric mean of (faster peer + 1 ms) / (Stoa + 1 ms): {mean}, over {len(known)} queries")
        lines.append(f"Stoa is behind the faster peer in {len(behind)} of them" + "".join(f"\n  {name}: {value:.2f}" for value, name in reversed(behind)))
    for query in result["queries"]:
        lines += [f"{query['name']}: {peer}: {message}" for peer, message in query["problems"].items()]
    lines += [f"load: {peer}: {message}" for peer, message in result["problems"].items()]
    return "\n".join(lines)


def size(result):
    """The suite and how much data it had."""
    return f"{result['suite']}, scale {result['scale']}" if "scale" in result else f"{result['suite']}, {result['rows']} rows"


def conditions(result):
    """The machine and the versions, without which no figure is one."""
    machine = result["machine"]
    return [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']},"
        f" load average before {machine['load_average_before']}",
        "; ".join(result["versions"].values()),
    ]


def picture(result):
    """The report as a chart."""
    mean = speed(result, "hot_min")
    title = size(result) + ("" if mean is None else f": the faster peer takes {mean:.2f} times as long as Stoa, in the geometric mean")
    return chart.svg(result, title, "; ".join(conditions(result)))


def text(result):
    """The whole report."""
    head = [f"{size(result)}: {result['row_count']} rows in all tables, {result['threads']} threads, hot = minimum of {result['hot_runs']} runs"]
    if result["stoa_memory_limit"]:
        head.append(f"Stoa with --memory-limit {result['stoa_memory_limit']}; the others with their defaults")
    head += conditions(result)
    return "\n\n".join(["\n".join(head), load_table(result), query_table(result), summary(result)])
