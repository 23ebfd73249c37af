-- A transaction of pgbench (its TPC-B, over the tables of accounts.sql), and a line that says whose it was, and which: once it was told that it is committed, it is to be there.
\set n :n + 1
\set aid random(1, 100000)
\set tid random(1, 10)
\set delta random(-5000, 5000)
BEGIN \; UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid \; UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid \; UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = 1 \; INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, 1, :aid, :delta, CURRENT_TIMESTAMP) \; INSERT INTO told VALUES (:round, :client_id, :n) \; END;
