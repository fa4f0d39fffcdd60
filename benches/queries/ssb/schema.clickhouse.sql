CREATE TABLE customer (
  c_custkey Int64, c_name String, c_address String, c_city LowCardinality(String), c_nation LowCardinality(String),
  c_region LowCardinality(String), c_phone String, c_mktsegment LowCardinality(String)
) ENGINE = MergeTree ORDER BY c_custkey;
CREATE TABLE supplier (
  s_suppkey Int64, s_name String, s_address String, s_city LowCardinality(String), s_nation LowCardinality(String),
  s_region LowCardinality(String), s_phone String
) ENGINE = MergeTree ORDER BY s_suppkey;
CREATE TABLE part (
  p_partkey Int64, p_name String, p_mfgr LowCardinality(String), p_category LowCardinality(String), p_brand1 LowCardinality(String),
  p_color LowCardinality(String), p_type LowCardinality(String), p_size Int32, p_container LowCardinality(String)
) ENGINE = MergeTree ORDER BY p_partkey;
CREATE TABLE dates (
  d_datekey Int32, d_date String, d_dayofweek LowCardinality(String), d_month LowCardinality(String), d_year Int32,
  d_yearmonthnum Int32, d_yearmonth LowCardinality(String), d_daynuminweek Int32, d_daynuminmonth Int32, d_daynuminyear Int32,
  d_monthnuminyear Int32, d_weeknuminyear Int32
) ENGINE = MergeTree ORDER BY d_datekey;
CREATE TABLE lineorder (
  lo_orderkey Int64, lo_linenumber Int32, lo_custkey Int64, lo_partkey Int64, lo_suppkey Int64, lo_orderdate Int32,
  lo_orderpriority LowCardinality(String), lo_shippriority Int32, lo_quantity Int32, lo_extendedprice Int32, lo_ordtotalprice Int32,
  lo_discount Int32, lo_revenue Int32, lo_supplycost Int32, lo_tax Int32, lo_commitdate Int32, lo_shipmode LowCardinality(String)
) ENGINE = MergeTree ORDER BY (lo_orderdate, lo_orderkey);
