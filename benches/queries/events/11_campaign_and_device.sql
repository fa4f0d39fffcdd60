SELECT campaign, device, count(*) AS orders, sum(revenue) AS revenue
FROM events
WHERE event_type = 'purchase' AND campaign IS NOT NULL
GROUP BY campaign, device
ORDER BY campaign, device;
