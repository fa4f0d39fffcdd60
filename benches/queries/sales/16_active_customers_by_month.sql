SELECT extract(month FROM sale_date) AS month, count(DISTINCT customer_id)
FROM sales
WHERE sale_date >= date '2024-01-01' AND sale_date < date '2025-01-01'
GROUP BY extract(month FROM sale_date)
ORDER BY 1;
