SELECT region, channel, sum(quantity), sum(revenue_cents) FROM sales GROUP BY region, channel ORDER BY region, channel;
