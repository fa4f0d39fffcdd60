CREATE TABLE shop_orders (
  order_id bigint NOT NULL, placed timestamptz NOT NULL DEFAULT now(), customer varchar(20), total numeric(12,2) DEFAULT 0
) WITH (partition_by = 'day(placed)', order_by = 'order_id');
CREATE VIEW large_orders AS SELECT order_id, total FROM shop_orders WHERE total > 100;
\d
\dt
\d shop_orders
\d large_orders
\dn
\l
\df no_such_function
\timing on
\timing off
DROP VIEW large_orders;
DROP TABLE shop_orders;
