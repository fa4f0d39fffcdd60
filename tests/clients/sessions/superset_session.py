"""Apache Superset's layer for PostgreSQL: the engine spec that its SQL Lab, datasets and charts go through, without its web server."""

import datetime
import importlib.metadata
import os
import tempfile
import unittest.mock

import sqlalchemy
from checks import Checks, equal, raises, url
from sqlalchemy import inspect, text
os.environ.setdefault("SUPERSET_SECRET_KEY", "a session of its own and no secret")
os.environ.setdefault("SUPERSET_HOME", tempfile.mkdtemp())
# As much of the application as its models ask for when they are imported.
import flask
import flask_babel
from superset.extensions import _event_logger, appbuilder, encrypted_field_factory
from superset.utils.log import StdOutEventLogger

application = flask.Flask("session")
application.config.from_object("superset.config")
encrypted_field_factory.init_app(application)
_event_logger["event_logger"] = StdOutEventLogger()
# Nobody signs in.
appbuilder.sm = unittest.mock.MagicMock()
flask_babel.Babel(application)
application.app_context().push()

from superset.db_engine_specs.postgres import PostgresEngineSpec
from superset.sql.parse import SQLScript, Table

engine = sqlalchemy.create_engine(url("postgresql+psycopg2"))
inspector = inspect(engine)
check = Checks()
check.version(f"apache-superset {importlib.metadata.version('apache-superset')} (SQLAlchemy {sqlalchemy.__version__})")


class Database:
    """As much of Superset's model of a database as the engine spec asks of it."""

    database_name = "stoa"
    sqlalchemy_uri_decrypted = url()
    url_object = engine.url
    backend = "postgresql"

    def get_extra(self, *_):
        return {}

    def get_sqla_engine(self, *_, **__):
        import contextlib

        return contextlib.nullcontext(engine)

    def get_inspector(self, *_, **__):
        import contextlib

        return contextlib.nullcontext(inspector)


database = Database()


def ask(sql):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql)).fetchall()]


check.equal("catalogs", lambda: "stoa" in PostgresEngineSpec.get_catalog_names(database, inspector), True)
check.equal("schemas", lambda: "shop" in PostgresEngineSpec.get_schema_names(inspector), True)
check.equal("tables", lambda: {"customers", "orders", "every_type"} <= set(PostgresEngineSpec.get_table_names(database, inspector, "shop")), True)
check.equal("views", lambda: PostgresEngineSpec.get_view_names(database, inspector, "shop"), {"large_orders"})
check.equal("columns", lambda: [str(column["column_name"]) for column in PostgresEngineSpec.get_columns(inspector, Table("customers", "shop"))], ["customer_id", "name", "email", "joined"])
check.equal("indexes", lambda: [index["name"] for index in PostgresEngineSpec.get_indexes(database, inspector, Table("customers", "shop"))], ["customers_email_key"])
check.equal("comment", lambda: PostgresEngineSpec.get_table_comment(inspector, Table("customers", "shop")), "who has bought")
for grain, expression in PostgresEngineSpec.get_time_grain_expressions().items():
    check.equal(f"time grain {grain}", lambda expression=expression: len(ask(f"SELECT {expression.format(col='placed')} AS t, count(*) FROM shop.orders GROUP BY 1 ORDER BY 1")) > 0, True)

for kind in ("DATE", "TIMESTAMP", "DATETIME"):

    @check(f"literal of {kind}")
    def _(kind=kind):
        literal = PostgresEngineSpec.convert_dttm(kind, datetime.datetime(2024, 3, 2, 3, 4, 5))
        if literal:
            equal(ask(f"SELECT count(*) > 0 FROM shop.orders WHERE placed >= {literal}"), [(True,)])


check.equal("epoch", lambda: ask(f"SELECT {PostgresEngineSpec.epoch_to_dttm().format(col='1709251200')}::timestamptz AT TIME ZONE 'UTC'"), [(datetime.datetime(2024, 3, 1, 0, 0),)])


@check("cost estimate")
def _():
    connection = engine.raw_connection()
    cost = PostgresEngineSpec.estimate_statement_cost(database, "SELECT * FROM shop.orders", connection.cursor())
    equal(sorted(cost), ["Start-up cost", "Total cost"])
    connection.close()


@check("fetched data and its types")
def _():
    connection = engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute("SELECT a_boolean, an_integer, a_numeric, a_text, a_timestamptz, a_jsonb FROM shop.every_type ORDER BY id")
    rows = PostgresEngineSpec.fetch_data(cursor)
    equal(len(rows), 3)
    equal([PostgresEngineSpec.get_datatype(column[1]) for column in cursor.description][1:5], ["INTEGER", "DECIMAL", "STRING", "DATETIMETZ"])
    connection.close()


@check("cancel")
def _():
    import threading
    import time

    connection = engine.raw_connection()
    cursor = connection.cursor()
    identity = PostgresEngineSpec.get_cancel_query_id(cursor, None)

    def cancel():
        time.sleep(0.3)
        other = engine.raw_connection()
        other.cursor().execute("SELECT 1")
        PostgresEngineSpec.cancel_query(other.cursor(), None, identity)

    thread = threading.Thread(target=cancel)
    thread.start()
    raises(Exception, lambda: cursor.execute("SELECT count(*) FROM generate_series(1, 100000000000)"))
    thread.join()


check.equal("limits of SQL Lab", lambda: len(ask(SQLScript("SELECT * FROM shop.orders", "postgresql").statements[0].format())) , 1000)
check.equal("error message", lambda: "does not exist" in PostgresEngineSpec.extract_error_message(raises(Exception, lambda: ask("SELECT * FROM nowhere"))), True)


@check("error kind")
def _():
    # As SQL Lab does it: the kind is found out from the message with the engine's name before it.
    error = raises(Exception, lambda: ask("SELECT nothing FROM shop.orders")).orig
    shown = Exception(PostgresEngineSpec.extract_error_message(error))
    equal([error.error_type.name for error in PostgresEngineSpec.extract_errors(shown)], ["COLUMN_DOES_NOT_EXIST_ERROR"])


check.equal("error of syntax", lambda: [error.error_type.name for error in PostgresEngineSpec.extract_errors(raises(Exception, lambda: ask("SELECT 1 FORM orders")).orig)], ["SYNTAX_ERROR"])
check.end()
