"""Whether two answers to one query are the same, as far as the query fixes them.

A query fixes an answer up to the order of rows whose ORDER BY keys are equal, and LIMIT may cut anywhere among those. Where two
answers are not the same row by row, the reference is asked once more: for the keys at each place, and for all rows, without LIMIT,
that the other answer may have taken. Each of its rows must be one of these, with the key of its place, and be taken once."""

import collections

import sqlglot
from sqlglot import expressions

from answers import difference, plain, same_value

# What sqlglot calls the dialects.
SQLGLOT = {"stoa": "postgres", "duckdb": "duckdb", "clickhouse": "clickhouse"}


class FullAnswer:
    """What a database says beyond its answer to a query. `ask` takes a statement and gives rows."""

    def __init__(self, ask, sql, dialect):
        self._ask, self._dialect = ask, SQLGLOT[dialect]
        self._tree = sqlglot.parse_one(sql, read=self._dialect)
        order = self._tree.args.get("order")
        self._keys = [key.this for key in order.expressions] if order else []
        self._is_plain = not isinstance(self._tree, expressions.SetOperation)

    @property
    def has_limit(self):
        """Whether the answer may be a part of what was found."""
        return bool(self._tree.args.get("limit") or self._tree.args.get("offset"))

    def _run(self, tree, width, wanted=None):
        """Rows and their keys; `wanted` are the values that columns may have, by place."""
        tree = tree.copy()
        if self._is_plain:
            tree = tree.select(*[self._key(key) for key in self._keys], copy=False)
        sql = tree.sql(dialect=self._dialect)
        names = [f"column_{place}" for place in range(width + (len(self._keys) if self._is_plain else 0))]
        tests = [f"{names[place]} IN ({', '.join(values)})" for place, values in (wanted or {}).items()]
        if tests:
            sql = f"SELECT * FROM ({sql}) AS answer({', '.join(names)}) WHERE {' AND '.join(tests)}"
        rows = [tuple(plain(value) for value in row) for row in self._ask(sql)]
        return [(row[:width], self._keys_of(row, width)) for row in rows]

    def _keys_of(self, row, width):
        """A set operation is ordered by columns of its answer, anything else by what was put behind them."""
        if self._is_plain:
            return row[width:]
        names = [name.lower() for name in self._tree.named_selects]
        return tuple(row[int(key.name) - 1 if key.name.isdigit() else names.index(key.name.lower())] for key in self._keys)

    def keys(self, width):
        """The ORDER BY keys at each place of the answer."""
        return [key for _, key in self._run(self._tree, width)]

    def candidates(self, width, actual, places):
        """All rows that the query finds, with their keys; where LIMIT leaves most out, only such as have the values of `actual` at
        these places."""
        tree = self._tree.copy()
        tree.set("limit", None)
        tree.set("offset", None)
        if not self.has_limit:
            return self._run(tree, width)
        values = {place: sorted({row[place] for row in actual}) for place in places}
        return self._run(tree, width, {place: [self._literal(value) for value in found] for place, found in values.items()})

    def _literal(self, value):
        return expressions.convert(value).sql(dialect=self._dialect)

    def _key(self, key):
        """An ORDER BY key as an expression of the select list: an ordinal stands for the expression there."""
        if isinstance(key, expressions.Literal) and not key.is_string:
            return self._tree.selects[int(key.name) - 1].unalias().copy()
        if isinstance(key, expressions.Column) and not key.table:
            for item in self._tree.selects:
                if isinstance(item, expressions.Alias) and item.alias.lower() == key.name.lower():
                    return item.this.copy()
        return key.copy()


class Bag:
    """Rows to be taken out one by one, found by their texts and whole numbers."""

    def __init__(self, rows, places):
        self._exact_places = places
        self._rows = collections.defaultdict(list)
        for row, key in rows:
            self._rows[self._exact(row)].append((row, key))

    def _exact(self, row):
        return tuple(row[at] for at in self._exact_places)

    def take(self, row, key):
        """Whether there was such a row with that key."""
        candidates = self._rows.get(self._exact(row), [])
        for at, candidate in enumerate(candidates):
            if same_row(candidate[0], row) and same_row(candidate[1], key):
                del candidates[at]
                return True
        return False


def same_row(left, right):
    """Equality of all values."""
    return len(left) == len(right) and all(same_value(one, other) for one, other in zip(left, right))


def exact_places(rows):
    """Columns that are texts, or whole numbers, in all rows, as they come: such values can be asked for."""
    return [place for place, values in enumerate(zip(*rows)) if {type(value) for value in values} in ({int}, {str})]


def compare(full, expected, actual):
    """`None` where the answers agree, otherwise a sentence about the first place where they do not."""
    problem = difference(expected, actual)
    if problem is None or len(expected) != len(actual):
        return problem
    width = len(expected[0])
    actual = [tuple(plain(value) for value in row) for row in actual]
    places = exact_places([*expected, *actual])
    keys = full.keys(width)
    bag = Bag(full.candidates(width, actual, places), places)
    for place, (row, key) in enumerate(zip(actual, keys), 1):
        if not bag.take(row, key):
            return f"row {place} is {row!r}; {problem}"
    return None
