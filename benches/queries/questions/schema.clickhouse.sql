CREATE TABLE products (
  product_id Int32, name String, category LowCardinality(String), brand LowCardinality(String), price_cents Int32, launched Date32
) ENGINE = MergeTree ORDER BY product_id;
CREATE TABLE customers (
  customer_id Int32, name String, segment LowCardinality(String), region LowCardinality(String), since Date32
) ENGINE = MergeTree ORDER BY customer_id;
CREATE TABLE locations (region String, country String, continent String, currency String) ENGINE = MergeTree ORDER BY region;
CREATE TABLE dates (
  day Date32, year Int16, quarter Int16, month Int16, weekday String, sale_season Bool
) ENGINE = MergeTree ORDER BY day;
CREATE TABLE events (
  event_id UUID,
  event_type LowCardinality(String),
  event_time DateTime64(6, 'UTC'),
  received_time DateTime64(6, 'UTC'),
  user_id Int64,
  session_id Int64,
  product_id Nullable(Int32),
  region LowCardinality(String),
  campaign LowCardinality(Nullable(String)),
  device LowCardinality(String),
  experiment_arm LowCardinality(String),
  revenue Nullable(Decimal(12, 2)),
  payload String
) ENGINE = MergeTree ORDER BY (event_type, event_time);
CREATE TABLE sales (
  sale_date Date32,
  product_id Int32,
  customer_id Int32,
  region LowCardinality(String),
  channel LowCardinality(String),
  quantity Int16,
  revenue_cents Int64,
  discount_pct Int16
) ENGINE = MergeTree ORDER BY (sale_date, product_id);
