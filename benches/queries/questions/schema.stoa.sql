CREATE TABLE products (
  product_id integer NOT NULL, name text NOT NULL, category text NOT NULL, brand text NOT NULL, price_cents integer NOT NULL,
  launched date NOT NULL
) WITH (order_by = 'product_id');
CREATE TABLE customers (
  customer_id integer NOT NULL, name text NOT NULL, segment text NOT NULL, region text NOT NULL, since date NOT NULL
) WITH (order_by = 'customer_id');
CREATE TABLE locations (region text NOT NULL, country text NOT NULL, continent text NOT NULL, currency text NOT NULL);
CREATE TABLE dates (
  day date NOT NULL, year smallint NOT NULL, quarter smallint NOT NULL, month smallint NOT NULL, weekday text NOT NULL,
  sale_season boolean NOT NULL
) WITH (order_by = 'day');
CREATE TABLE events (
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  event_time timestamptz NOT NULL,
  received_time timestamptz NOT NULL DEFAULT now(),
  user_id bigint NOT NULL,
  session_id bigint NOT NULL,
  product_id integer,
  region text NOT NULL,
  campaign text,
  device text NOT NULL,
  experiment_arm text NOT NULL,
  revenue numeric(12,2),
  payload jsonb NOT NULL
) WITH (partition_by = 'day(event_time)', order_by = 'event_type, event_time');
CREATE TABLE sales (
  sale_date date NOT NULL,
  product_id integer NOT NULL,
  customer_id integer NOT NULL,
  region text NOT NULL,
  channel text NOT NULL,
  quantity smallint NOT NULL,
  revenue_cents bigint NOT NULL,
  discount_pct smallint NOT NULL
) WITH (partition_by = 'month(sale_date)', order_by = 'sale_date, product_id');
