"""The Star Schema Benchmark: TPC-H's tables made into a star as its paper tells it, and its 13 queries."""

import pathlib

from suite import Suite, load_extension

TABLES = """
CREATE TABLE customer AS SELECT c_custkey, c_name, c_address, city(n_name, c_custkey) AS c_city, n_name AS c_nation, r_name AS c_region,
  c_phone, c_mktsegment FROM kit.customer, kit.nation, kit.region WHERE c_nationkey = n_nationkey AND n_regionkey = r_regionkey;
CREATE TABLE supplier AS SELECT s_suppkey, s_name, s_address, city(n_name, s_suppkey) AS s_city, n_name AS s_nation, r_name AS s_region,
  s_phone FROM kit.supplier, kit.nation, kit.region WHERE s_nationkey = n_nationkey AND n_regionkey = r_regionkey;
CREATE TABLE part AS SELECT p_partkey, p_name, 'MFGR#' || m AS p_mfgr, 'MFGR#' || m || g AS p_category, 'MFGR#' || m || g || b AS p_brand1,
  split_part(p_name, ' ', 1) AS p_color, p_type, p_size, p_container
  FROM (SELECT *, hash(p_partkey, 1) % 5 + 1 AS m, hash(p_partkey, 2) % 5 + 1 AS g, hash(p_partkey, 3) % 40 + 1 AS b FROM kit.part);
CREATE TABLE dates AS SELECT datekey(d) AS d_datekey, strftime(d, '%B %-d, %Y') AS d_date, dayname(d) AS d_dayofweek,
  monthname(d) AS d_month, year(d)::integer AS d_year, (year(d) * 100 + month(d))::integer AS d_yearmonthnum, strftime(d, '%b%Y') AS d_yearmonth,
  (dayofweek(d) + 1)::integer AS d_daynuminweek, day(d)::integer AS d_daynuminmonth, dayofyear(d)::integer AS d_daynuminyear,
  month(d)::integer AS d_monthnuminyear, ((dayofyear(d) - 1) // 7 + 1)::integer AS d_weeknuminyear
  FROM (SELECT unnest(generate_series(date '1992-01-01', date '1998-12-31', interval 1 day))::date AS d);
CREATE TABLE lineorder AS SELECT l_orderkey AS lo_orderkey, l_linenumber AS lo_linenumber, o_custkey AS lo_custkey, l_partkey AS lo_partkey,
  l_suppkey AS lo_suppkey, datekey(o_orderdate) AS lo_orderdate, o_orderpriority AS lo_orderpriority, o_shippriority AS lo_shippriority,
  l_quantity::integer AS lo_quantity, (l_extendedprice * 100)::integer AS lo_extendedprice, (o_totalprice * 100)::integer AS lo_ordtotalprice,
  (l_discount * 100)::integer AS lo_discount, (l_extendedprice * 100 * (1 - l_discount))::integer AS lo_revenue,
  (l_extendedprice * 60 / l_quantity)::integer AS lo_supplycost, (l_tax * 100)::integer AS lo_tax,
  datekey(l_commitdate) AS lo_commitdate, l_shipmode AS lo_shipmode FROM kit.lineitem, kit.orders WHERE l_orderkey = o_orderkey
"""


class StarSchema(Suite):
    """See the module."""

    def generate(self, connection):
        load_extension(connection, "tpch")
        connection.execute("ATTACH ':memory:' AS kit")
        connection.execute(f"CALL dbgen(sf = {self.scale}, catalog = 'kit')")
        connection.execute("CREATE TEMP MACRO city(nation, key) AS rpad(nation, 9, ' ')[1:9] || hash(key, 4) % 10")
        connection.execute("CREATE TEMP MACRO datekey(d) AS (year(d) * 10000 + month(d) * 100 + day(d))::integer")
        connection.execute(TABLES)
        connection.execute("DETACH kit")

    def queries(self, connection):
        text = (pathlib.Path(__file__).parent / "ssb.sql").read_text()
        return list(enumerate((query for query in text.splitlines() if query.strip()), 1))
