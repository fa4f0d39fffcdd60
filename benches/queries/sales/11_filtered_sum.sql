SELECT count(*), sum(revenue_cents)
FROM sales
WHERE discount_pct >= 20 AND quantity >= 3 AND region = 'germany';
