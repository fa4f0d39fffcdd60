CREATE TABLE copy_rows (id integer NOT NULL, day date, note text);
\copy copy_rows FROM 'rows.csv' (FORMAT csv, HEADER)
SELECT * FROM copy_rows ORDER BY id;
\copy (SELECT id, note FROM copy_rows ORDER BY id) TO STDOUT (FORMAT csv, HEADER)
COPY copy_rows FROM STDIN;
7	2024-02-29	tab separated
8	\N	with \\ backslash
\.
COPY (SELECT * FROM copy_rows ORDER BY id) TO STDOUT;
DROP TABLE copy_rows;
