SELECT sale_date, product_id, customer_id, quantity, revenue_cents
FROM sales
ORDER BY revenue_cents DESC, sale_date, product_id, customer_id, quantity
LIMIT 20;
