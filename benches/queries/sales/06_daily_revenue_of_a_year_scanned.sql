-- stoa-setting: stoa.use_metadata = off
SELECT sale_date, sum(revenue_cents)
FROM sales
WHERE sale_date BETWEEN date '2024-01-01' AND date '2024-12-31'
GROUP BY sale_date
ORDER BY sale_date;
