SELECT date_trunc('hour', event_time) AS hour, count(*) FROM events GROUP BY date_trunc('hour', event_time) ORDER BY hour;
