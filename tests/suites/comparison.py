"""Whether an answer is the one that a kit prints. Whether two databases answer the same is told in `benches/compare/ties.py`."""

import decimal

from answers import same_value


def compare_published(text, actual):
    """`None` where an answer is as the kit prints it: a header, then values between bars; otherwise a sentence."""
    expected = [line.split("|") for line in text.strip().splitlines()[1:]]
    if len(expected) != len(actual):
        return f"{len(actual)} rows instead of the {len(expected)} published"
    for place, (left, right) in enumerate(zip(expected, actual), 1):
        for one, other in zip(left, right):
            if isinstance(other, (int, float, decimal.Decimal)):
                same = same_value(float(one), float(other))
            else:
                same = one.strip() == ("" if other is None else str(other)).strip()
            if not same:
                return f"row {place}: {other!r} instead of the published {one!r}"
    return None
