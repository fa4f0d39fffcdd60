SELECT product_id, sum(revenue_cents) AS revenue_cents, sum(quantity) AS pieces
FROM sales
GROUP BY product_id
ORDER BY revenue_cents DESC, product_id
LIMIT 10;
