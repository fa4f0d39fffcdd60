-- Daily revenue of 2024.
SELECT sale_date, sum(revenue_cents) AS revenue_cents
FROM sales
WHERE sale_date BETWEEN '2024-01-01' AND '2024-12-31'
GROUP BY sale_date
ORDER BY sale_date;
