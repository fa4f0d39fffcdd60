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
