-- Every command of psql that asks the catalog: none may fail, even where Stoa has no such things.
CREATE TABLE noted (id integer NOT NULL, label text);
CREATE VIEW noted_labels AS SELECT label FROM noted;
COMMENT ON TABLE noted IS 'worth a note';
COMMENT ON COLUMN noted.label IS 'which note';
COMMENT ON VIEW noted_labels IS 'only the labels';
\d+ noted
\d+ noted_labels
\dt+ noted
\dv+ noted_labels
\dd noted
\sv noted_labels
\sf pg_catalog.now
\o catalog_commands.out
\d+ noted*
\dS+
\dtvmsE+
\dn+ *
\df+ abs
\da+ sum
\dT+ int*
\dAo
\dO+
\dL+
\dconfig+ *
\du+
\dp
\l+
\db+
\o
\! rm catalog_commands.out
\di+
\dm+
\ds+
\dft
\dfw
\dx+
\deu+
\des+
\dew+
\det+
\dD+
\dc+
\dC+
\dF+
\dFd+
\dFp+
\dFt+
\dRp+
\dRs+
\dX+
\dAc+
\dAf+
\dAp+
\ddp
\dP+
\drds
\dy+
\dl
DROP VIEW noted_labels;
DROP TABLE noted;
