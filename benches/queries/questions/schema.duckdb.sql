CREATE TABLE products (
  product_id integer NOT NULL, name varchar NOT NULL, category varchar NOT NULL, brand varchar NOT NULL, price_cents integer NOT NULL,
  launched date NOT NULL
);
CREATE TABLE customers (
  customer_id integer NOT NULL, name varchar NOT NULL, segment varchar NOT NULL, region varchar NOT NULL, since date NOT NULL
);
CREATE TABLE locations (region varchar NOT NULL, country varchar NOT NULL, continent varchar NOT NULL, currency varchar NOT NULL);
CREATE TABLE dates (
  day date NOT NULL, year smallint NOT NULL, quarter smallint NOT NULL, month smallint NOT NULL, weekday varchar NOT NULL,
  sale_season boolean NOT NULL
);
CREATE TABLE events (
  event_id uuid NOT NULL,
  event_type varchar NOT NULL,
  event_time timestamptz NOT NULL,
  received_time timestamptz NOT NULL,
  user_id bigint NOT NULL,
  session_id bigint NOT NULL,
  product_id integer,
  region varchar NOT NULL,
  campaign varchar,
  device varchar NOT NULL,
  experiment_arm varchar NOT NULL,
  revenue decimal(12,2),
  payload varchar NOT NULL
);
CREATE TABLE sales (
  sale_date date NOT NULL,
  product_id integer NOT NULL,
  customer_id integer NOT NULL,
  region varchar NOT NULL,
  channel varchar NOT NULL,
  quantity smallint NOT NULL,
  revenue_cents bigint NOT NULL,
  discount_pct smallint NOT NULL
);
