-- name: in_the_way()
-- Who holds or queues for ACCESS EXCLUSIVE on what holds rows in this database; holders first.
select n.nspname as schema, c.relname as name, l.pid
from pg_catalog.pg_locks l
join pg_catalog.pg_database d on d.oid = l.database and d.datname = pg_catalog.current_database()
join pg_catalog.pg_class c on c.oid = l.relation
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and c.relkind in ('r', 'p', 'm')
order by l.granted desc;
