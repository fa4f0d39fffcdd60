"""pandas over SQLAlchemy and over ADBC: frames out, frames in, with types, in pieces, appended and replaced."""

import datetime

import adbc_driver_postgresql.dbapi
import pandas
import sqlalchemy
from checks import Checks, equal, raises, url

engine = sqlalchemy.create_engine(url("postgresql+psycopg"), connect_args={"options": "-c TimeZone=UTC"})
check = Checks()
check.version(f"pandas {pandas.__version__}")

check.equal("read_sql of a query", lambda: pandas.read_sql("SELECT name, joined FROM shop.customers ORDER BY 1", engine).values.tolist(), [["Ada", datetime.date(2024, 1, 5)], ["Bo", datetime.date(2024, 2, 6)], ["Cy", datetime.date(2024, 3, 7)]])
check.equal("read_sql with parameters", lambda: pandas.read_sql(sqlalchemy.text("SELECT name FROM shop.customers WHERE customer_id = :id"), engine, params={"id": 2}).name.tolist(), ["Bo"])
check.equal("read_sql_table", lambda: pandas.read_sql_table("customers", engine, schema="shop", index_col="customer_id").email.isna().tolist(), [False, True, False])


@check("types of columns")
def _():
    frame = pandas.read_sql_table("every_type", engine, schema="shop").set_index("id").loc[[1, 2]]
    found = frame.infer_objects().dtypes.astype(str)
    equal([found[name].split("[")[0] for name in ("a_boolean", "a_smallint", "a_double", "a_timestamp", "a_timestamptz")], ["bool", "float64", "float64", "datetime64", "datetime64"])
    equal(frame.a_bigint.tolist()[0], 9007199254740992.0)
    equal(str(frame.a_timestamptz.iloc[0]), "2024-02-29 12:34:56.789012+00:00")


check.equal("read in pieces", lambda: [len(piece) for piece in pandas.read_sql("SELECT * FROM shop.orders", engine.connect().execution_options(stream_results=True), chunksize=300)], [300, 300, 300, 100])
frame = pandas.DataFrame(
    {
        "whole": [1, 2, 3],
        "part": [0.5, None, -2.25],
        "flag": [True, False, True],
        "words": ["a", None, "c"],
        "time": pandas.to_datetime(["2024-01-01 10:00", None, "2024-01-03 00:00"]),
        "zoned": pandas.to_datetime(["2024-01-01 10:00", "2024-06-01 10:00", None], utc=True),
        "day": [datetime.date(2024, 1, 1), None, datetime.date(2024, 1, 3)],
    }
)


@check("to_sql: make, append, replace, fail")
def _():
    frame.to_sql("frames", engine, index=False)
    frame.to_sql("frames", engine, index=False, if_exists="append")
    equal(pandas.read_sql("SELECT count(*) AS n, sum(whole) AS s FROM frames", engine).values.tolist(), [[6, 12]])
    frame.to_sql("frames", engine, index=True, if_exists="replace")
    equal([column["name"] for column in sqlalchemy.inspect(engine).get_columns("frames")], ["index", *frame.columns])
    raises(ValueError, lambda: frame.to_sql("frames", engine))


@check("to_sql and back")
def _():
    back = pandas.read_sql_table("frames", engine)[list(frame.columns)]
    equal(back.whole.tolist(), [1, 2, 3])
    equal(back.part.fillna(0).tolist(), [0.5, 0.0, -2.25])
    equal(back.words.isna().tolist(), [False, True, False])
    equal([str(value) for value in back.zoned], ["2024-01-01 10:00:00+00:00", "2024-06-01 10:00:00+00:00", "NaT"])
    equal([str(value) for value in back.time], ["2024-01-01 10:00:00", "NaT", "2024-01-03 00:00:00"])


check.equal("to_sql with an index", lambda: pandas.read_sql("SELECT count(*) AS n FROM frames WHERE index = 2", engine).n.tolist(), [1])


@check("to_sql of many rows at once")
def _():
    many = pandas.DataFrame({"id": range(5000), "value": [number / 7 for number in range(5000)]})
    many.to_sql("many_frames", engine, index=False, method="multi", chunksize=1000, schema="shop")
    equal(pandas.read_sql("SELECT count(*) FROM shop.many_frames", engine).iloc[0, 0], many.id.count())


@check("to_sql with types of the program's own")
def _():
    frame[["words"]].to_sql("typed_frames", engine, index=False, dtype={"words": sqlalchemy.types.VARCHAR(5)})
    equal(str(sqlalchemy.inspect(engine).get_columns("typed_frames")[0]["type"]), "VARCHAR(5)")


@check("over ADBC")
def _():
    with adbc_driver_postgresql.dbapi.connect(url()) as connection:
        frame[["whole", "part", "words"]].to_sql("adbc_frames", connection, index=False)
        back = pandas.read_sql("SELECT * FROM adbc_frames ORDER BY whole", connection, dtype_backend="pyarrow")
        equal(back.whole.tolist(), [1, 2, 3])
        equal(str(back.part.dtype), "double[pyarrow]")


for table in ("frames", "shop.many_frames", "typed_frames", "adbc_frames"):
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(f"DROP TABLE IF EXISTS {table}"))
check.end()
