"""SQLAlchemy 2 over psycopg 3: reflection, typed Core and ORM reads and writes, RETURNING, upserts, streaming, savepoints."""

import decimal

import sqlalchemy
from checks import Checks, equal, raises, url
from fixture import EVERY_TYPE, TABLES, check_reads, same_values
from sqlalchemy import MetaData, String, Table, func, inspect, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

engine = sqlalchemy.create_engine(url("postgresql+psycopg"), connect_args={"options": "-c TimeZone=UTC"})
check = Checks()
check.version(f"SQLAlchemy {sqlalchemy.__version__}")


def ask(sql):
    with engine.connect() as connection:
        return connection.execute(text(sql)).fetchall()


check.equal("connect", lambda: engine.connect().dialect.server_version_info >= (15,), True)
inspector = inspect(engine)
check.equal("reflect schemas", lambda: [name for name in sorted(inspector.get_schema_names()) if name != "stoa"], ["information_schema", "lists", "public", "shop"])
check.equal("reflect tables", lambda: sorted(inspector.get_table_names("shop")), [name for name, kind in TABLES if kind != "VIEW"])
check.equal("reflect views", lambda: inspector.get_view_names("shop"), ["large_orders"])
check.equal("reflect materialized views", lambda: inspector.get_materialized_view_names("shop"), [])
check.equal("reflect sequences", lambda: sorted(inspector.get_sequence_names("shop")), ["customers_customer_id_seq", "ticket_numbers"])
check.equal("reflect a view's text", lambda: "1200" in inspector.get_view_definition("large_orders", "shop"), True)
check.equal("has table", lambda: [inspector.has_table("orders", "shop"), inspector.has_table("nowhere", "shop")], [True, False])
check.equal("default schema", lambda: inspector.default_schema_name, "public")


@check("reflect columns")
def _():
    types = [str(column["type"].compile(dialect=postgresql.dialect())).lower() for column in inspector.get_columns("every_type", "shop")]
    equal(
        types,
        ["integer", "boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric(12, 2)", "text", "varchar(20)", "char(5)", "date", "time without time zone", "timestamp without time zone", "timestamp with time zone", "interval", "uuid", "json", "jsonb", "bytea"],
    )


@check("reflect defaults, comments, identity")
def _():
    columns = {column["name"]: column for column in inspector.get_columns("customers", "shop")}
    equal([columns[name]["nullable"] for name in ("customer_id", "name", "email", "joined")], [False, False, True, True])
    equal(columns["email"]["comment"], "where to write to")
    equal(columns["joined"]["default"], "'2024-01-01'::date")
    equal(columns["customer_id"]["identity"]["always"], False)
    equal(columns["customer_id"]["autoincrement"], True)


check.equal("reflect the primary key", lambda: {key: inspector.get_pk_constraint("orders", "shop")[key] for key in ("constrained_columns", "name")}, {"constrained_columns": ["order_id", "line"], "name": "orders_key"})
check.equal("reflect unique constraints", lambda: [(found["name"], found["column_names"]) for found in inspector.get_unique_constraints("customers", "shop")], [("customers_email_key", ["email"])])
check.equal("reflect indexes", lambda: [(found["name"], found["column_names"], found["unique"]) for found in inspector.get_indexes("customers", "shop")], [("customers_email_key", ["email"], True)])
check.equal("reflect CHECK constraints", lambda: [(found["name"], found["sqltext"]) for found in inspector.get_check_constraints("customers", "shop")], [("customers_have_names", "char_length(name) > 0")])
check.equal("reflect foreign keys", lambda: inspector.get_foreign_keys("orders", "shop"), [])
check.equal("reflect comments", lambda: inspector.get_table_comment("customers", "shop"), {"text": "who has bought"})
check.equal("reflect table options", lambda: inspector.get_table_options("customers", "shop"), {})
check.equal("reflect enums and domains", lambda: (inspector.get_enums("*"), [domain for domain in inspector.get_domains() if domain["schema"] == "public"]), ([], []))
check.equal("reflect many at once", lambda: sorted(key[1] for key in inspector.get_multi_columns("shop")), [name for name, kind in TABLES if kind != "VIEW"])


@check("reflect all into metadata")
def _():
    metadata = MetaData(schema="shop")
    metadata.reflect(engine, views=True)
    equal(sorted(metadata.tables), ["shop.customers", "shop.every_type", "shop.large_orders", "shop.orders"])
    equal([column.name for column in metadata.tables["shop.orders"].primary_key], ["order_id", "line"])


every_type = Table("every_type", MetaData(), schema="shop", autoload_with=engine)
lists = Table("every_list", MetaData(), schema="lists", autoload_with=engine)
check_reads(check, ask, label="read text")
for name, _, first, second in EVERY_TYPE:

    @check(f"read {name} by reflection")
    def _(name=name, first=first, second=second):
        with engine.connect() as connection:
            rows = connection.execute(select(every_type.c[name]).order_by(every_type.c.id)).scalars().all()
        same_values(rows, [first, second, None])


@check("write every type by reflection")
def _():
    metadata = MetaData()
    copy = Table("written", metadata, *[sqlalchemy.Column(column.name, column.type) for column in every_type.columns])
    metadata.create_all(engine)
    try:
        with engine.begin() as connection:
            connection.execute(copy.insert(), [{"id": 1, **{name: first for name, _, first, _ in EVERY_TYPE}}, {"id": 2, **{name: second for name, _, _, second in EVERY_TYPE}}])
            connection.execute(copy.insert().values(id=3))
            rows = connection.execute(select(copy).order_by(copy.c.id)).all()
            equal(rows[0], connection.execute(select(every_type).where(every_type.c.id == 1)).one())
            equal(list(rows[2][1:16]), [None] * 15)
    finally:
        metadata.drop_all(engine)


class Base(DeclarativeBase):
    pass


class Writer(Base):
    __tablename__ = "writers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    score: Mapped[decimal.Decimal | None] = mapped_column(sqlalchemy.Numeric(10, 2))


@check("ORM: create, insert, update, delete")
def _():
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        ada = Writer(name="Ada", score=decimal.Decimal("1.50"))
        session.add_all([ada, Writer(name="Bo")])
        session.commit()
        equal(ada.id, 1)
        ada.score += 1
        session.commit()
        equal(session.scalars(select(Writer.score).order_by(Writer.id)).all(), [decimal.Decimal("2.50"), None])
        session.delete(ada)
        session.commit()
        equal(session.scalar(select(func.count()).select_from(Writer)), 1)


@check("create, reflect and drop indexes")
def _():
    metadata = MetaData()
    table = Table("indexed_writers", metadata, sqlalchemy.Column("id", sqlalchemy.Integer), sqlalchemy.Column("name", String(30), index=True), sqlalchemy.Column("score", sqlalchemy.Integer, unique=True))
    once = sqlalchemy.Index("once", table.c.id, table.c.name.desc(), unique=True)
    metadata.create_all(engine)
    try:
        found = {index["name"]: index for index in inspect(engine).get_indexes("indexed_writers")}
        equal({name: (index["column_names"], index["unique"]) for name, index in found.items()}, {"indexed_writers_score_key": (["score"], True), "ix_indexed_writers_name": (["name"], False), "once": (["id", "name"], True)})
        equal(found["once"]["column_sorting"], {"name": ("desc",)})
        with engine.begin() as connection:
            connection.execute(table.insert().values(id=1, name="Ada"))
        with engine.connect() as connection:
            raises(sqlalchemy.exc.IntegrityError, lambda: connection.execute(table.insert().values(id=1, name="Ada")))
        once.drop(engine)
        equal(sorted(index["name"] for index in inspect(engine).get_indexes("indexed_writers")), ["indexed_writers_score_key", "ix_indexed_writers_name"])
    finally:
        metadata.drop_all(engine)


@check("insertmanyvalues with RETURNING")
def _():
    with Session(engine) as session:
        writers = [Writer(name=f"w{number}") for number in range(1500)]
        session.add_all(writers)
        session.commit()
        equal(len({writer.id for writer in writers}), 1500)


@check("upsert")
def _():
    with engine.begin() as connection:
        statement = postgresql.insert(Writer).values(id=2, name="Bea")
        statement = statement.on_conflict_do_update(index_elements=["id"], set_={"name": statement.excluded.name})
        equal(connection.execute(statement.returning(Writer.name)).scalar(), "Bea")
        equal(connection.execute(postgresql.insert(Writer).values(id=2, name="No").on_conflict_do_nothing().returning(Writer.id)).all(), [])


@check("drop")
def _():
    Base.metadata.drop_all(engine)
    equal(inspect(engine).has_table("writers"), False)


def nested(connection):
    with connection.begin_nested():
        connection.execute(text("INSERT INTO counted VALUES (1)"))
        connection.execute(text("SELECT 1 / 0"))


@check("savepoints and rollback")
def _():
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE counted (id integer)"))
        raises(DBAPIError, lambda: nested(connection))
        connection.execute(text("INSERT INTO counted VALUES (2)"))
        equal(connection.execute(text("SELECT id FROM counted")).scalars().all(), [2])
        connection.execute(text("DROP TABLE counted"))


@check("stream")
def _():
    with engine.connect().execution_options(stream_results=True, yield_per=100) as connection:
        equal(sum(row.amount for row in connection.execute(text("SELECT amount FROM shop.orders"))), decimal.Decimal("624375.00"))


@check("isolation levels")
def _():
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        equal(connection.get_isolation_level(), "REPEATABLE READ")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        equal(connection.execute(text("SELECT 1")).scalar(), 1)


@check("expressions")
def _():
    orders = Table("orders", MetaData(), schema="shop", autoload_with=engine)
    day = func.date_trunc("day", orders.c.placed)
    statement = select(day, func.count(), func.sum(orders.c.amount).filter(orders.c.line == 0), func.rank().over(order_by=func.count().desc())).group_by(day).order_by(day).limit(1)
    with engine.connect() as connection:
        row = connection.execute(statement).one()
    equal(tuple(row[1:]), (24, decimal.Decimal("75.00"), 1))
    with engine.connect() as connection:
        equal(connection.execute(select(lists.c.a_jsonb["a"][0].as_boolean(), lists.c.texts[1]).where(lists.c.integers.contains([3]))).one(), (True, "a"))


@check("json of a table")
def _():
    with engine.connect() as connection:
        equal(connection.execute(select(func.json_build_object("n", func.count())).select_from(every_type)).scalar(), {"n": 3})


def failure(kind, sql):
    return raises(kind, lambda: ask(sql)).orig.sqlstate


check.equal("error: unique key", lambda: failure(IntegrityError, "INSERT INTO shop.customers VALUES (1, 'Di')"), "23505")
check.equal("error: no such table", lambda: failure(ProgrammingError, "SELECT * FROM nowhere"), "42P01")

for driver in ("postgresql+psycopg2", "postgresql+asyncpg"):

    @check(f"{driver}: reflect and read")
    def _(driver=driver):
        if driver.endswith("asyncpg"):
            import asyncio

            from sqlalchemy.ext.asyncio import create_async_engine

            async def run():
                other = create_async_engine(url(driver))
                async with other.connect() as connection:
                    found = await connection.run_sync(lambda plain: Table("customers", MetaData(), schema="shop", autoload_with=plain))
                    rows = (await connection.execute(select(found.c.name).order_by(found.c.customer_id))).scalars().all()
                await other.dispose()
                return rows

            equal(asyncio.run(run()), ["Ada", "Bo", "Cy"])
        else:
            other = sqlalchemy.create_engine(url(driver))
            found = Table("customers", MetaData(), schema="shop", autoload_with=other)
            with other.connect() as connection:
                equal(connection.execute(select(found.c.name).order_by(found.c.customer_id)).scalars().all(), ["Ada", "Bo", "Cy"])


check.end()
