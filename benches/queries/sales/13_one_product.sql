SELECT sale_date, sum(quantity), sum(revenue_cents) FROM sales WHERE product_id = 4242 GROUP BY sale_date ORDER BY sale_date;
