SELECT extract(year FROM sale_date) AS year, extract(month FROM sale_date) AS month, count(*), sum(revenue_cents)
FROM sales
GROUP BY extract(year FROM sale_date), extract(month FROM sale_date)
ORDER BY 1, 2;
