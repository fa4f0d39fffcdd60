"""The hot times of a run as a picture: a line per query, a dot per database, milliseconds on a logarithmic scale. Writes SVG by hand."""

import html
import math

COLORS = {"Stoa": "#c2410c", "DuckDB": "#a3a322", "ClickHouse": "#3b6ea5"}
LEFT, WIDTH, RIGHT, TOP, ROW = 280, 560, 30, 64, 18
STYLE = "text { font: 11px sans-serif; fill: #333 } .title { font-size: 14px; font-weight: bold } .number { text-anchor: middle }"


def text(x, y, words, kind=""):
    """A piece of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{html.escape(str(words))}</text>'


def dot(x, y, peer):
    """A database's mark."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{COLORS[peer]}"/>'


def line(left, top, right, bottom):
    """A line of the grid."""
    return f'<line x1="{left:.1f}" y1="{top:.1f}" x2="{right:.1f}" y2="{bottom:.1f}" stroke="#ddd"/>'


def svg(result, title, note):
    """The picture of a result, with a title and a line below it."""
    hot = [{peer: times["hot_min"] * 1000 for peer, times in query["times"].items()} for query in result["queries"]]
    every = [max(value, 0.01) for times in hot for value in times.values()] or [1.0]
    first, last = math.floor(math.log10(min(every))), math.floor(math.log10(max(every))) + 1
    height = TOP + ROW * len(hot) + 30

    def place(value):
        return LEFT + WIDTH * (math.log10(max(value, 0.01)) - first) / (last - first)

    parts = [text(10, 20, title, "title"), text(10, 38, note)]
    for number, peer in enumerate(result["peers"]):
        parts += [dot(LEFT + 90 * number, 52, peer), text(LEFT + 90 * number + 8, 56, peer)]
    for power in range(first, last + 1):
        x = place(10.0**power)
        parts += [line(x, TOP, x, height - 26), text(x, height - 12, f"{10.0**power:g} ms", "number")]
    for row, (query, times) in enumerate(zip(result["queries"], hot)):
        y = TOP + ROW * (row + 0.5)
        parts += [text(10, y + 4, query["name"]), line(LEFT, y, LEFT + WIDTH, y)]
        # Stoa comes last, so that its dot lies above the others.
        parts += [dot(place(times[peer]), y, peer) for peer in sorted(times, key=lambda peer: peer == "Stoa")]
    size = f'width="{LEFT + WIDTH + RIGHT}" height="{height}"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{STYLE}</style>\n<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
