# sqlite3 at work: tables of thousands of rows in a file, with what else a database does.
L=/usr/share/common-licenses
echo "== building tables"
sqlite3 a.db <<'E'
PRAGMA page_size=4096; PRAGMA synchronous=FULL;
CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT UNIQUE, town INTEGER, height REAL);
CREATE TABLE town(id INTEGER PRIMARY KEY, name TEXT, kind TEXT CHECK(kind IN ('city','village')));
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<12000)
INSERT INTO person SELECT i, printf('p%05d', (i*7919)%12007), (i*i)%97, 150+((i*31)%500)/10.0 FROM n;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<96)
INSERT INTO town SELECT i, 'town '||i, CASE WHEN i%3 THEN 'village' ELSE 'city' END FROM n;
CREATE INDEX by_town ON person(town, height);
CREATE INDEX tall ON person(height) WHERE height > 190;
SELECT count(*), sum(id), min(name), max(name), round(avg(height), 4) FROM person;
E
echo "== joining them"
sqlite3 -header -column a.db <<'E'
EXPLAIN QUERY PLAN SELECT t.name FROM town t JOIN person p ON p.town=t.id WHERE t.kind='city';
SELECT t.kind, count(*) n, round(avg(p.height),3) mean FROM town t JOIN person p ON p.town=t.id GROUP BY 1 ORDER BY 1;
SELECT t.name, max(p.height) tallest FROM town t LEFT JOIN person p ON p.town=t.id GROUP BY t.id HAVING count(p.id) > 120 ORDER BY 2 DESC, 1 LIMIT 5;
SELECT name, height, rank() OVER (PARTITION BY town ORDER BY height DESC, id) r FROM person WHERE town=16 ORDER BY r LIMIT 5;
SELECT count(*) FROM person a, person b WHERE a.town=b.town AND a.id<b.id AND a.height=b.height;
SELECT count(*) FROM person WHERE height > 195 AND name LIKE 'p0%';
E
echo "== changing them"
sqlite3 a.db <<'E'
CREATE TABLE log(what TEXT, id INTEGER, at INTEGER);
CREATE TRIGGER moved AFTER UPDATE OF town ON person BEGIN INSERT INTO log VALUES('move', new.id, old.town); END;
BEGIN; UPDATE person SET town=0 WHERE town=96; DELETE FROM person WHERE id%100=0; SELECT count(*) FROM person; ROLLBACK;
SELECT count(*) FROM person; SELECT count(*) FROM log;
BEGIN; UPDATE person SET town=town+1 WHERE town<5; SAVEPOINT s; DELETE FROM person WHERE town=3; ROLLBACK TO s; COMMIT;
SELECT what, count(*), sum(at) FROM log GROUP BY 1; INSERT OR REPLACE INTO person VALUES(1,'p99999',5,180);
SELECT * FROM person WHERE id=1; INSERT INTO town VALUES(1,'double','city');
INSERT INTO town VALUES(200,'odd','hamlet'); PRAGMA integrity_check; PRAGMA foreign_key_check;
E
echo $?
echo "== a text to search in"
sqlite3 a.db <<E
CREATE VIRTUAL TABLE licence USING fts5(name, body);
INSERT INTO licence SELECT value, readfile('$L/'||value) FROM json_each('["GPL-2","GPL-3","BSD","Artistic","LGPL-3","MPL-2.0"]');
SELECT name, length(body) FROM licence WHERE licence MATCH 'warranty' ORDER BY name;
SELECT name, snippet(licence, 1, '[', ']', '..', 5) FROM licence WHERE licence MATCH 'NEAR(patent license, 3)' ORDER BY rank;
SELECT name, printf('%.3f', bm25(licence)) FROM licence WHERE licence MATCH 'patent OR liable' ORDER BY 2, 1;
SELECT json_group_array(json_object('n', name, 'l', length(body))) FROM (SELECT * FROM licence ORDER BY name);
E
echo "== out and in again"
sqlite3 a.db .dump >dump.sql; cksum dump.sql; sqlite3 b.db <dump.sql; sqlite3 b.db .dump | cmp - dump.sql && echo the same
sqlite3 -csv a.db 'SELECT id,name,town,height FROM person ORDER BY name' >p.csv; cksum p.csv
sqlite3 c.db '.mode csv' '.import p.csv p' 'SELECT count(*) FROM p' 'SELECT sum("150.0") FROM p' 2>&1 | head -n 1
sqlite3 a.db 'VACUUM' 'PRAGMA page_count' '.sha3sum' 'DELETE FROM person WHERE id > 6000' VACUUM 'PRAGMA page_count' '.backup copy.db'; sqlite3 copy.db 'SELECT count(*) FROM person' 'PRAGMA integrity_check'
echo "== two at a time"
sqlite3 w.db 'PRAGMA journal_mode=WAL' 'CREATE TABLE t(who, n)'; ls w.db*
for who in 1 2 3; do (for n in 1 2 3 4 5; do echo "PRAGMA busy_timeout=60000; BEGIN IMMEDIATE; INSERT INTO t VALUES($who, $n); COMMIT;"; done | sqlite3 w.db >/dev/null) & done; wait
sqlite3 w.db 'SELECT who, count(*), sum(n) FROM t GROUP BY 1' 'PRAGMA wal_checkpoint(TRUNCATE)' 'PRAGMA journal_mode=DELETE'
(echo 'BEGIN EXCLUSIVE;'; sleep 2; echo 'COMMIT;') | sqlite3 w.db & sleep 0.7; sqlite3 w.db 'SELECT 1 FROM t'; echo $?; wait
echo "== mapped into memory"
sqlite3 copy.db 'PRAGMA mmap_size=100000000' 'SELECT sum(length(name)), sum(town) FROM person' 'UPDATE person SET height=height+1' 'SELECT sum(height) FROM person' 'PRAGMA integrity_check'
sqlite3 :memory: 'WITH RECURSIVE x(a,b,n) AS (SELECT 0,1,1 UNION ALL SELECT b,a+b,n+1 FROM x WHERE n<60) SELECT a FROM x WHERE n>57' "SELECT strftime('%Y-%m-%d', 1e9, 'unixepoch'), hex(zeroblob(4)), quote(x'00ff'), instr('hello','l'), typeof(1e3), 7/2, 7/2.0, upper('abc')" 'SELECT sqrt(2), pi(), pow(2,0.5), ln(10)'
