SELECT min(sale_date), max(sale_date), min(revenue_cents), max(revenue_cents), sum(revenue_cents) FROM sales;
