SELECT sale_date, product_id, channel, quantity, revenue_cents
FROM sales
WHERE customer_id = 8
ORDER BY sale_date, product_id, revenue_cents, channel, quantity
LIMIT 100;
