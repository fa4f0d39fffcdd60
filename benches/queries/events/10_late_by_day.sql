SELECT date_trunc('day', received_time) AS day, count(*) AS late
FROM events
WHERE received_time > event_time + interval '20 minutes'
GROUP BY date_trunc('day', received_time)
ORDER BY day;
