"""connectorx: reads by binary COPY, cursors and the simple protocol, in partitions, into pandas and Arrow."""

import importlib.metadata

import connectorx
from checks import Checks, equal, raises, url

check = Checks()
check.version(f"connectorx {importlib.metadata.version('connectorx')}")
# Its simple protocol knows no numeric, jsonb and uuid of NULL.
SIMPLE = "SELECT id, an_integer, a_bigint, a_double, a_double AS a_numeric, a_text, a_timestamp FROM shop.every_type"
SQL = "SELECT id, a_boolean, a_smallint, an_integer, a_bigint, a_real, a_double, a_numeric, a_text, a_varchar, a_char, a_date, a_timestamp, a_timestamptz, a_uuid, a_jsonb FROM shop.every_type"
for protocol in ("binary", "csv", "cursor", "simple"):

    @check(f"every type, protocol {protocol}")
    def _(protocol=protocol):
        frame = connectorx.read_sql(url(), (SIMPLE if protocol == "simple" else SQL) + " WHERE id IN (1, 3) ORDER BY id", protocol=protocol)
        row = frame.iloc[0]
        equal((int(row.an_integer), int(row.a_bigint), float(row.a_double), float(row.a_numeric), row.a_text), (123456, 9007199254740993, 0.1, 0.1 if protocol == "simple" else 1234.5, 'héllo, "wörld"'))
        equal(str(row.a_timestamp), "2024-02-29 12:34:56.789012")
        equal(bool(frame.iloc[1].isna()["a_text"]), True)

    @check(f"partitions, protocol {protocol}")
    def _(protocol=protocol):
        frame = connectorx.read_sql(url(), "SELECT order_id, line, amount FROM shop.orders", partition_on="order_id", partition_num=4, protocol=protocol)
        equal((len(frame), float(frame.amount.sum())), (1000, 624375.0))


@check("partitions of the program's own")
def _():
    frame = connectorx.read_sql(url(), ["SELECT line FROM shop.orders WHERE line < 2", "SELECT line FROM shop.orders WHERE line >= 2"])
    equal(len(frame), 1000)


@check("into Arrow")
def _():
    table = connectorx.read_sql(url(), "SELECT order_id, amount, placed FROM shop.orders ORDER BY 1 LIMIT 10", return_type="arrow")
    equal(table.num_rows, 10)


@check("arrays")
def _():
    frame = connectorx.read_sql(url(), "SELECT integers FROM lists.every_list WHERE id = 2")
    equal(list(frame.integers[0]), [])


check.equal("error", lambda: "nowhere" in str(raises(Exception, lambda: connectorx.read_sql(url(), "SELECT * FROM nowhere"))), True)
check.end()
