-- stoa-setting: stoa.use_metadata = off
SELECT sale_date, sum(revenue_cents) FROM sales GROUP BY sale_date ORDER BY sale_date;
