"""The clients: what each needs and how its session is run. The order is that of the table in README.md."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Client:
    """A client program and its session."""

    # As `--only` names it, and as the table shows it.
    name: str
    shown: str
    # The session's command; `{here}` is this folder, `{python}`, `{rust}` what was installed.
    command: list
    # Packages of the Python registry, and the virtual environment they go to.
    packages: list = field(default_factory=list)
    environment: str = "python"
    # Programs or files that must be there, and Debian's package that brings them.
    needs: dict = field(default_factory=dict)
    # Whether node's packages or the Rust sessions are needed.
    node: bool = False
    rust: bool = False
    # Whether a PostgreSQL runs beside (its address in LOCAL_POSTGRES).
    postgres: bool = False
    seconds_max: int = 180


PSYCOPG3 = "psycopg[binary]==3.*"
PSYCOPG2 = "psycopg2-binary==2.9.*"
SQLALCHEMY = "sqlalchemy==2.*"
PSQL = {"psql": "postgresql-client"}
POSTGRES = {"/usr/lib/postgresql/*/bin/postgres": "postgresql"}


def python(name, shown, script, packages, **others):
    """A client whose session is a Python script."""
    return Client(name, shown, ["{python}", "{here}/sessions/" + script], packages, **others)


def node(name, shown):
    """A client whose session is a script for node."""
    return Client(name, shown, ["node", "{here}/node/" + name + "_session.mjs"], node=True, needs={"node": "nodejs", "npm": "npm"})


def rust(name, shown):
    """A client whose session is a Rust program."""
    return Client(name, shown, ["{rust}/" + name.replace("-", "_") + "_session"], rust=True)


def statements(name, shown):
    """A client that cannot be installed: the statements it is known to send, asked of both servers."""
    command = ["{python}", "{here}/sessions/statements_session.py", "{here}/statements/" + name + ".sql"]
    return Client(name, shown + " (statements)", command, [PSYCOPG3], needs=POSTGRES, postgres=True)


CLIENTS = [
    python("psql", "psql", "psql_session.py", ["pexpect"], needs=PSQL),
    python("psycopg3", "psycopg 3", "psycopg3_session.py", [PSYCOPG3]),
    python("psycopg2", "psycopg 2", "psycopg2_session.py", [PSYCOPG2]),
    python("sqlalchemy", "SQLAlchemy", "sqlalchemy_session.py", [SQLALCHEMY, PSYCOPG3, PSYCOPG2, "asyncpg", "greenlet"]),
    python("pandas", "pandas", "pandas_session.py", ["pandas", "pyarrow", SQLALCHEMY, PSYCOPG3, "adbc-driver-postgresql"]),
    Client(
        "jdbc",
        "JDBC driver",
        ["java", "-cp", "/usr/share/java/postgresql.jar", "{here}/java/JdbcSession.java"],
        needs={"javac": "default-jdk-headless", "/usr/share/java/postgresql.jar": "libpostgresql-jdbc-java"},
        seconds_max=300,
    ),
    python("dbt", "dbt", "dbt_session.py", ["dbt-core==1.10.*", "dbt-postgres==1.9.*", PSYCOPG2], environment="dbt", seconds_max=900),
    node("pg", "node-postgres"),
    node("postgres", "postgres.js"),
    node("knex", "knex"),
    node("typeorm", "TypeORM"),
    python("asyncpg", "asyncpg", "asyncpg_session.py", ["asyncpg"]),
    python("postgres_fdw", "postgres_fdw", "postgres_fdw_session.py", [PSYCOPG3], needs=POSTGRES, postgres=True),
    python("duckdb", "DuckDB's postgres extension", "duckdb_session.py", ["duckdb==1.5.5", "duckdb-extension-postgres-scanner==1.5.5", "duckdb-extensions==1.5.5", "pytz"]),
    python("adbc", "ADBC driver", "adbc_session.py", ["adbc-driver-postgresql", "adbc-driver-manager", "pyarrow"]),
    python("odbc", "psqlODBC", "odbc_session.py", ["pyodbc"], needs={"/usr/lib/*/odbc/psqlodbcw.so": "odbc-postgresql", "odbcinst": "odbcinst", "/usr/lib/*/libodbc.so.2": "unixodbc"}),
    python("connectorx", "connectorx", "connectorx_session.py", ["connectorx", "pandas", "pyarrow"]),
    python("pgcli", "pgcli", "pgcli_session.py", ["pgcli", "pexpect", PSYCOPG3]),
    python("pgbench", "pgbench", "pgbench_session.py", [], needs={"/usr/lib/postgresql/*/bin/pgbench": "postgresql-contrib"}, seconds_max=600),
    rust("tokio-postgres", "tokio-postgres"),
    rust("sqlx", "sqlx"),
    python("superset", "Superset's engine spec", "superset_session.py", ["apache-superset", PSYCOPG2], environment="superset", seconds_max=300),
    python("clickhouse", "ClickHouse's postgresql()", "chdb_session.py", ["chdb"]),
    statements("npgsql", "Npgsql"),
    statements("powerbi", "Power BI"),
    statements("tableau", "Tableau"),
    statements("dbeaver", "DBeaver"),
    statements("metabase", "Metabase"),
    statements("grafana", "Grafana"),
]
