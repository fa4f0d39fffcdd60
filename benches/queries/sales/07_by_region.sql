SELECT region, count(*), sum(revenue_cents), avg(discount_pct) FROM sales GROUP BY region ORDER BY region;
