SELECT region, count(*), sum(revenue), max(revenue) FROM events WHERE event_type = 'purchase' GROUP BY region ORDER BY region;
