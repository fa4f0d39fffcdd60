"""Whether two databases gave the same answer: row by row, exactly, but for floating-point numbers."""

import datetime
import decimal
import math
import uuid

EPOCH = datetime.datetime(1970, 1, 1)
SECOND = datetime.timedelta(seconds=1)


def plain(value):
    """A value in the one form that all peers' types are brought to."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return value
    if isinstance(value, uuid.UUID):
        return str(value)
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def same_value(left, right):
    """Equality; relative to 1e-9 where one of the two is a float; spans of time also as seconds or microseconds; moments also as
    the seconds since 1970 that ClickHouse's DateTime arrives as."""
    if left == right and type(left) is not bool:
        return True
    spans = [value for value in (left, right) if isinstance(value, datetime.timedelta)]
    if len(spans) == 1:
        other = right if spans[0] is left else left
        microseconds = spans[0] // datetime.timedelta(microseconds=1)
        return other in (microseconds, decimal.Decimal(microseconds) / 1_000_000)
    moments = [value for value in (left, right) if isinstance(value, datetime.datetime)]
    if len(moments) == 1 and type(right if moments[0] is left else left) is int:
        return (right if moments[0] is left else left) * SECOND == moments[0] - EPOCH
    dates = [value for value in (left, right) if isinstance(value, datetime.date)]
    if len(dates) == 2:
        return midnight(left) == midnight(right)
    numbers = (int, float, decimal.Decimal)
    if isinstance(left, float) or isinstance(right, float):
        if isinstance(left, numbers) and isinstance(right, numbers):
            return math.isclose(float(left), float(right), rel_tol=1e-9, abs_tol=1e-12)
    return left == right


def midnight(value):
    """A date as the moment it begins."""
    return value if isinstance(value, datetime.datetime) else datetime.datetime(value.year, value.month, value.day)


def difference(expected, actual):
    """`None` where two answers agree, otherwise a sentence about the first place where they do not."""
    expected = [tuple(plain(value) for value in row) for row in expected]
    actual = [tuple(plain(value) for value in row) for row in actual]
    if len(expected) != len(actual):
        return f"{len(actual)} rows instead of {len(expected)}"
    for number, (left, right) in enumerate(zip(expected, actual), 1):
        if len(left) != len(right):
            return f"{len(right)} columns instead of {len(left)}"
        for column, (one, other) in enumerate(zip(left, right), 1):
            if not same_value(one, other):
                return f"row {number}, column {column}: {other!r} instead of {one!r}"
    return None
