SELECT customer_id, sum(revenue_cents) AS revenue_cents
FROM sales
WHERE sale_date >= date '2024-07-01' AND sale_date < date '2024-10-01'
GROUP BY customer_id
ORDER BY revenue_cents DESC, customer_id
LIMIT 10;
