"""A suite: a folder of `queries/` with `suite.toml`, a `schema.<dialect>.sql` per peer, and one query per .sql file.

A query is plain Postgres SQL. Where a dialect needs other words, `NAME.<dialect>.sql` beside `NAME.sql` replaces it. Comment lines
`-- stoa-setting: name = value` or `-- clickhouse-setting: name = value` at its head hold in that database for that query only.
"""

import pathlib
import re
import tomllib

QUERIES = pathlib.Path(__file__).resolve().parent.parent / "queries"
SETTING = re.compile(r"^-- (\w+)-setting:\s*(\S+)\s*=\s*(\S+)\s*$", re.MULTILINE)


class Query:
    """One question of a suite."""

    def __init__(self, path):
        self.name = path.stem
        self.text = path.read_text()
        self._variants = {file.name.split(".")[-2]: file.read_text() for file in path.parent.glob(f"{path.stem}.*.sql")}

    def sql(self, dialect):
        """The statement in a dialect, without comments or the final semicolon."""
        text = self._variants.get(dialect, self.text)
        lines = [line for line in text.splitlines() if not line.startswith("--")]
        return "\n".join(lines).strip().rstrip(";")

    def settings(self, dialect):
        """What is set in a dialect's database for this query."""
        text = self._variants.get(dialect, self.text)
        return {name: value for whose, name, value in SETTING.findall(text) if whose == dialect}


class Suite:
    """A named folder of queries over generated tables."""

    def __init__(self, name):
        self.name = name
        self.folder = QUERIES / name
        if not (self.folder / "suite.toml").is_file():
            raise SystemExit(f"there is no suite {name!r}; there are: {', '.join(Suite.names())}")
        settings = tomllib.loads((self.folder / "suite.toml").read_text())
        self.generator = settings["generator"]
        # Data is made for so many `rows`, or for a `scale` factor.
        self.size = settings.get("size", "rows")
        self.tables = settings["tables"]
        files = sorted(self.folder.glob("*.sql"))
        self.queries = [Query(file) for file in files if file.name.count(".") == 1]

    @staticmethod
    def names():
        """The suites there are."""
        return sorted(file.parent.name for file in QUERIES.glob("*/suite.toml"))

    def schema(self, dialect):
        """The statements that make the tables."""
        text = (self.folder / f"schema.{dialect}.sql").read_text()
        return [statement.strip() for statement in text.split(";") if statement.strip()]
