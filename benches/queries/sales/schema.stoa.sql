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
