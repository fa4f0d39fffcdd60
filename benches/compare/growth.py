"""How times grow with the data: a run beside the result of a smaller one of the same suite. Asks no database."""

import json
import math
import pathlib

from report import geometric_mean, milliseconds, size, table

# Shorter times are taken as this: they are mostly the round trip's, which does not grow.
FLOOR_SECONDS = 0.001


def read(path, suite):
    """The smaller run's result; `None` without a path."""
    if path is None:
        return None
    try:
        smaller = json.loads(pathlib.Path(path).read_text())
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path} is no result of a run: {error}")
    if smaller.get("suite") != suite:
        raise SystemExit(f"{path} is a result of {smaller.get('suite')!r}, not of {suite!r}")
    return smaller


def times(result, peer):
    """A peer's hot seconds by query, a floor below them."""
    hot = {query["name"]: query["times"].get(peer, {}).get("hot_min") for query in result["queries"]}
    return {name: max(seconds, FLOOR_SECONDS) for name, seconds in hot.items() if seconds is not None}


def text(smaller, larger):
    """Each query's growth by peer, and the slope: the exponent of the rows that its time grows with, 1 where it is linear."""
    rows_ratio = larger["row_count"] / smaller["row_count"]
    if rows_ratio <= 1:
        return f"no growth: {size(smaller)} is not smaller than {size(larger)}"
    peers = [peer for peer in larger["peers"] if peer in smaller["peers"]]
    before, after = ({peer: times(result, peer) for peer in peers} for result in (smaller, larger))
    header = ["hot (ms)"] + [f"{peer} {what}" for peer in peers for what in ("from", "to", "growth", "slope")]
    lines, factors = [], {peer: {} for peer in peers}
    for query in larger["queries"]:
        cells = [query["name"]]
        for peer in peers:
            least, most = before[peer].get(query["name"]), after[peer].get(query["name"])
            if least is None or most is None:
                cells += ["-"] * 4
                continue
            factor = factors[peer][query["name"]] = most / least
            cells += [milliseconds(least), milliseconds(most), f"{factor:.1f}", f"{math.log(factor) / math.log(rows_ratio):.2f}"]
        lines.append(cells)
    summary = [f"growth from {size(smaller)} to {size(larger)}, {rows_ratio:.1f} times the rows:"]
    for peer, known in factors.items():
        if known:
            worst = max(known, key=known.get)
            summary.append(f"  {peer}: {geometric_mean(known.values()):.1f} times as long in the geometric mean, {known[worst]:.1f} at most ({worst})")
    return table(header, lines) + "\n\n" + "\n".join(summary)
