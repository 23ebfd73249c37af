-- For "postgres --single -j", which takes a statement to end with a semicolon and an empty line: what pgbench --initialize makes,
-- and a table for each transaction of which a client is told.
CREATE EXTENSION amcheck;

CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int NOT NULL, filler char(88));

CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int NOT NULL, tbalance int NOT NULL, filler char(84));

CREATE TABLE pgbench_accounts (aid int NOT NULL, bid int NOT NULL, abalance int NOT NULL, filler char(84));

CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));

INSERT INTO pgbench_branches VALUES (1, 0);

INSERT INTO pgbench_tellers SELECT n, 1, 0 FROM generate_series(1, 10) n;

INSERT INTO pgbench_accounts SELECT n, 1, 0, '' FROM generate_series(1, 100000) n;

ALTER TABLE pgbench_accounts ADD PRIMARY KEY (aid);

CREATE TABLE told (round int, client int, n int, PRIMARY KEY (round, client, n));

VACUUM ANALYZE;

