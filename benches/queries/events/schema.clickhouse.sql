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
