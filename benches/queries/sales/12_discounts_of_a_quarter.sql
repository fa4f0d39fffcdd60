SELECT discount_pct, count(*), sum(revenue_cents * discount_pct)
FROM sales
WHERE sale_date >= date '2023-10-01' AND sale_date < date '2024-01-01' AND channel IN ('web', 'app')
GROUP BY discount_pct
ORDER BY discount_pct;
