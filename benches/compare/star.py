"""The Star Schema Benchmark's tables out of TPC-H's, as its paper tells it: `lineorder` joins orders and their lines, nations and
regions become columns, `dates` is a table. DuckDB does it, from Parquet files to Parquet files."""

import duckdb

KIT = ["region", "nation", "supplier", "customer", "part", "orders", "lineitem"]
# Of which city of its nation a row is, and to which brand a part belongs: any number that hangs on the key alone, evenly spread.
FACTORS = "[2246822519, 3266489917, 668265263, 374761393]"
SPREAD = f"CREATE MACRO spread(key, salt, count) AS key * {FACTORS}[salt] % 4294967296 // 65536 % count"
CITY = "CREATE MACRO city(nation, key) AS rpad(nation, 9, ' ')[1:9] || spread(key, 4, 10)"
DATE_KEY = "CREATE MACRO datekey(d) AS (year(d) * 10000 + month(d) * 100 + day(d))::integer"

TABLES = {
    "customer": """
SELECT c_custkey, c_name, c_address, city(n_name, c_custkey) AS c_city, n_name AS c_nation, r_name AS c_region, c_phone, c_mktsegment
FROM kit_customer, kit_nation, kit_region WHERE c_nationkey = n_nationkey AND n_regionkey = r_regionkey ORDER BY c_custkey""",
    "supplier": """
SELECT s_suppkey, s_name, s_address, city(n_name, s_suppkey) AS s_city, n_name AS s_nation, r_name AS s_region, s_phone
FROM kit_supplier, kit_nation, kit_region WHERE s_nationkey = n_nationkey AND n_regionkey = r_regionkey ORDER BY s_suppkey""",
    "part": """
SELECT p_partkey, p_name, 'MFGR#' || m AS p_mfgr, 'MFGR#' || m || g AS p_category, 'MFGR#' || m || g || b AS p_brand1,
  split_part(p_name, ' ', 1) AS p_color, p_type, p_size, p_container
FROM (SELECT *, spread(p_partkey, 1, 5) + 1 AS m, spread(p_partkey, 2, 5) + 1 AS g, spread(p_partkey, 3, 40) + 1 AS b FROM kit_part)
ORDER BY p_partkey""",
    "dates": """
SELECT datekey(d) AS d_datekey, strftime(d, '%B %-d, %Y') AS d_date, dayname(d) AS d_dayofweek, monthname(d) AS d_month,
  year(d)::integer AS d_year, (year(d) * 100 + month(d))::integer AS d_yearmonthnum, strftime(d, '%b%Y') AS d_yearmonth,
  (dayofweek(d) + 1)::integer AS d_daynuminweek, day(d)::integer AS d_daynuminmonth, dayofyear(d)::integer AS d_daynuminyear,
  month(d)::integer AS d_monthnuminyear, ((dayofyear(d) - 1) // 7 + 1)::integer AS d_weeknuminyear
FROM (SELECT unnest(generate_series(date '1992-01-01', date '1998-12-31', interval 1 day))::date AS d)""",
    "lineorder": """
SELECT l_orderkey AS lo_orderkey, l_linenumber AS lo_linenumber, o_custkey AS lo_custkey, l_partkey AS lo_partkey,
  l_suppkey AS lo_suppkey, datekey(o_orderdate) AS lo_orderdate, o_orderpriority AS lo_orderpriority,
  o_shippriority AS lo_shippriority, l_quantity::integer AS lo_quantity, (l_extendedprice * 100)::integer AS lo_extendedprice,
  (o_totalprice * 100)::integer AS lo_ordtotalprice, (l_discount * 100)::integer AS lo_discount,
  (l_extendedprice * 100 * (1 - l_discount))::integer AS lo_revenue,
  (l_extendedprice * 60 / l_quantity)::integer AS lo_supplycost, (l_tax * 100)::integer AS lo_tax,
  datekey(l_commitdate) AS lo_commitdate, l_shipmode AS lo_shipmode
FROM kit_lineitem, kit_orders WHERE l_orderkey = o_orderkey""",
}


def write(kit, folder, codec, threads):
    """Reads TPC-H's Parquet files below `kit`, writes the star's below `folder`."""
    codec = "uncompressed" if codec == "none" else codec
    with duckdb.connect(config={"threads": threads}) as connection:
        connection.execute("SET enable_progress_bar = false")
        for macro in (SPREAD, CITY, DATE_KEY):
            connection.execute(macro)
        for table in KIT:
            connection.execute(f"CREATE VIEW kit_{table} AS FROM read_parquet('{kit}/{table}/*.parquet')")
        for table, query in TABLES.items():
            (folder / table).mkdir(parents=True)
            options = f"FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE 262144"
            connection.execute(f"COPY ({query}) TO '{folder}/{table}/{table}.parquet' ({options})")
