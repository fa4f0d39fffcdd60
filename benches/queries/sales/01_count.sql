SELECT count(*) FROM sales;
