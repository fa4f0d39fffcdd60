"""Whether two answers to one query are the same, as far as the query fixes them.

A query fixes an answer up to the order of rows whose ORDER BY keys are equal, and LIMIT may cut anywhere among those. So DuckDB
is asked once more, without LIMIT and with the keys that the select list does not show; Stoa's row at each place must be one of the
rows that have the keys of this place, each taken once."""

import collections
import decimal

import sqlglot
from sqlglot import expressions

from answers import difference, plain, same_value


class FullAnswer:
    """All rows of a query with their ORDER BY keys, asked for only where it is needed."""

    def __init__(self, duckdb, sql):
        self.duckdb, self.sql = duckdb, sql

    def grouped(self):
        """The groups of rows with equal keys, in order, and how many rows OFFSET leaves out."""
        tree = sqlglot.parse_one(self.sql, read="postgres")
        offset = tree.args.get("offset")
        skipped = int(offset.expression.name) if offset else 0
        tree.set("limit", None)
        tree.set("offset", None)
        order = tree.args.get("order")
        keys = [key.this for key in order.expressions] if order else []
        is_plain = not isinstance(tree, expressions.SetOperation)
        if is_plain:
            tree = tree.select(*[self._key(key, tree) for key in keys], copy=False)
        answer = self.duckdb.execute(tree.sql(dialect="duckdb"))
        names = [column[0].lower() for column in answer.description]
        width = len(names) - len(keys) if is_plain else len(names)
        # A set operation is ordered by columns of its answer.
        places = range(width, len(names)) if is_plain else [int(key.name) - 1 if key.name.isdigit() else names.index(key.name.lower()) for key in keys]
        rows = [tuple(plain(value) for value in row) for row in answer.fetchall()]
        groups, last = [], None
        for row in rows:
            shown, key = row[:width], tuple(row[place] for place in places)
            if last is None or not all(same_value(one, other) for one, other in zip(last, key)):
                groups.append([])
                last = key
            groups[-1].append(shown)
        return groups, skipped

    @staticmethod
    def _key(key, tree):
        """An ORDER BY key as an expression of the select list: an ordinal stands for the expression there."""
        if isinstance(key, expressions.Literal) and not key.is_string:
            return tree.selects[int(key.name) - 1].unalias().copy()
        if isinstance(key, expressions.Column) and not key.table:
            for item in tree.selects:
                if isinstance(item, expressions.Alias) and item.alias.lower() == key.name.lower():
                    return item.this.copy()
        return key.copy()


class Bag:
    """Rows to be taken out one by one, found by everything but their floats."""

    def __init__(self, rows):
        self.inexact = {at for row in rows for at, value in enumerate(row) if isinstance(value, float)}
        self.rows = collections.defaultdict(list)
        for row in rows:
            self.rows[self._exact(row)].append(row)

    def _exact(self, row):
        return tuple(str(value) for at, value in enumerate(row) if at not in self.inexact)

    def take(self, row):
        """Whether there was such a row."""
        candidates = self.rows.get(self._exact(row), [])
        for at, candidate in enumerate(candidates):
            if len(row) == len(candidate) and all(same_value(one, other) for one, other in zip(candidate, row)):
                del candidates[at]
                return True
        return False


def compare(full, expected, actual):
    """`None` where the answers agree, otherwise a sentence about the first place where they do not."""
    problem = difference(expected, actual, is_ordered=True)
    if problem is None or len(expected) != len(actual):
        return problem
    groups, skipped = full.grouped()
    actual = [tuple(plain(value) for value in row) for row in actual]
    begin = 0
    for group in groups:
        end = begin + len(group)
        mine = actual[max(begin - skipped, 0) : max(end - skipped, 0)]
        bag = Bag(group) if mine else None
        for place, row in enumerate(mine, max(begin - skipped, 0) + 1):
            if not bag.take(row):
                return f"row {place} is {row!r}; {problem}"
        begin = end
    return None


def compare_published(text, actual):
    """The same against an answer as the kit prints it: a header, then values between bars."""
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
