-- ClickBench 20: one user.
SELECT UserID
FROM hits
WHERE UserID = 435090932899640449;
