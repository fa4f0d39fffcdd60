-- Revenue by category by month, through a star schema: European consumers in 2024.
SELECT d.month, p.category, sum(s.revenue_cents) AS revenue_cents, count(*) AS sales
FROM sales s
JOIN products p ON p.product_id = s.product_id
JOIN dates d ON d.day = s.sale_date
JOIN customers c ON c.customer_id = s.customer_id
JOIN locations l ON l.region = s.region
WHERE d.year = 2024 AND c.segment = 'consumer' AND l.continent = 'Europe'
GROUP BY d.month, p.category
ORDER BY d.month, revenue_cents DESC, p.category;
