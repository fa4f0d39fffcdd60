SELECT date_trunc('day', event_time) AS day, count(DISTINCT user_id) FROM events GROUP BY date_trunc('day', event_time) ORDER BY day;
