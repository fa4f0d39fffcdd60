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
