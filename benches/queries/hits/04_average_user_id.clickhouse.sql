-- Of floating-point numbers: ClickHouse adds up whole numbers in 64 bits, which these ids leave.
SELECT AVG(toFloat64(UserID))
FROM hits;
