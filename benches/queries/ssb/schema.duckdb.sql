CREATE TABLE customer (
  c_custkey bigint NOT NULL, c_name varchar NOT NULL, c_address varchar NOT NULL, c_city varchar NOT NULL, c_nation varchar NOT NULL,
  c_region varchar NOT NULL, c_phone varchar NOT NULL, c_mktsegment varchar NOT NULL
);
CREATE TABLE supplier (
  s_suppkey bigint NOT NULL, s_name varchar NOT NULL, s_address varchar NOT NULL, s_city varchar NOT NULL, s_nation varchar NOT NULL,
  s_region varchar NOT NULL, s_phone varchar NOT NULL
);
CREATE TABLE part (
  p_partkey bigint NOT NULL, p_name varchar NOT NULL, p_mfgr varchar NOT NULL, p_category varchar NOT NULL, p_brand1 varchar NOT NULL,
  p_color varchar NOT NULL, p_type varchar NOT NULL, p_size integer NOT NULL, p_container varchar NOT NULL
);
CREATE TABLE dates (
  d_datekey integer NOT NULL, d_date varchar NOT NULL, d_dayofweek varchar NOT NULL, d_month varchar NOT NULL, d_year integer NOT NULL,
  d_yearmonthnum integer NOT NULL, d_yearmonth varchar NOT NULL, d_daynuminweek integer NOT NULL, d_daynuminmonth integer NOT NULL,
  d_daynuminyear integer NOT NULL, d_monthnuminyear integer NOT NULL, d_weeknuminyear integer NOT NULL
);
CREATE TABLE lineorder (
  lo_orderkey bigint NOT NULL, lo_linenumber integer NOT NULL, lo_custkey bigint NOT NULL, lo_partkey bigint NOT NULL,
  lo_suppkey bigint NOT NULL, lo_orderdate integer NOT NULL, lo_orderpriority varchar NOT NULL, lo_shippriority integer NOT NULL,
  lo_quantity integer NOT NULL, lo_extendedprice integer NOT NULL, lo_ordtotalprice integer NOT NULL, lo_discount integer NOT NULL,
  lo_revenue integer NOT NULL, lo_supplycost integer NOT NULL, lo_tax integer NOT NULL, lo_commitdate integer NOT NULL,
  lo_shipmode varchar NOT NULL
);
