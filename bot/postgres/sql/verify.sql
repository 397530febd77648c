-- What a restored database is asked beside its inventory. Nothing here reads a row of a customer's table.

-- name: unvalidated_constraints()
select n.nspname as on_schema, coalesce(t.relname, y.typname) as on_name, c.conname as name
from pg_catalog.pg_constraint c
join pg_catalog.pg_namespace n on n.oid = c.connamespace
left join pg_catalog.pg_class t on t.oid = c.conrelid
left join pg_catalog.pg_type y on y.oid = c.contypid
where not c.convalidated and n.nspname <> 'information_schema' and not pg_catalog.starts_with(n.nspname, 'pg_')
order by 1, 2, 3;

-- name: invalid_indexes()
select n.nspname as on_schema, t.relname as on_name, i.relname as name
from pg_catalog.pg_index x
join pg_catalog.pg_class i on i.oid = x.indexrelid
join pg_catalog.pg_class t on t.oid = x.indrelid
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
where
    not (x.indisvalid and x.indisready and x.indislive)
    and n.nspname <> 'information_schema'
    and not pg_catalog.starts_with(n.nspname, 'pg_')
order by 1, 2, 3;

-- name: disabled_foreign_keys()
-- The triggers that PostgreSQL itself puts up for a foreign key; a customer's are in the inventory.
select distinct n.nspname as on_schema, t.relname as on_name, c.conname as name
from pg_catalog.pg_trigger g
join pg_catalog.pg_constraint c on c.oid = g.tgconstraint
join pg_catalog.pg_class t on t.oid = c.conrelid
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
where g.tgisinternal and g.tgenabled not in ('O', 'A')
order by 1, 2, 3;

-- name: fed_columns()
-- Columns that a sequence feeds, by being owned, an identity, or in a default. Partitions are read through
-- their root, so what is a partition is left out.
with fed as (
    select d.objid as sequence, d.refobjid as relation, d.refobjsubid as attribute
    from pg_catalog.pg_depend d
    where
        d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.deptype in ('a', 'i')
        and d.refobjsubid > 0
    union
    select d.refobjid, f.adrelid, f.adnum
    from pg_catalog.pg_depend d
    join pg_catalog.pg_attrdef f on f.oid = d.objid
    where
        d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.deptype = 'n'
)
select sn.nspname as sequence_schema, s.relname as sequence_name,
    tn.nspname as table_schema, t.relname as table_name, a.attname as column_name,
    q.seqincrement > 0 as ascending, q.seqcycle as cycles
from fed
join pg_catalog.pg_class s on s.oid = fed.sequence and s.relkind = 'S'
join pg_catalog.pg_sequence q on q.seqrelid = s.oid
join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
join pg_catalog.pg_class t on t.oid = fed.relation and t.relkind in ('r', 'p') and not t.relispartition
join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = fed.attribute
join pg_catalog.pg_type y on y.oid = a.atttypid
where not a.attisdropped and y.oid in (20, 21, 23, 1700)
order by 1, 2, 3, 4, 5;

-- name: database_collation()
-- The recorded and the actual version came with 15; as JSON the absence of the column is no error.
select pg_catalog.pg_encoding_to_char(d.encoding) as encoding, d.datcollate as collate, d.datctype as ctype,
    pg_catalog.to_jsonb(d) ->> 'datcollversion' as recorded
from pg_catalog.pg_database d
where d.datname = pg_catalog.current_database();

-- name: actual_collation()
select pg_catalog.pg_database_collation_actual_version(d.oid) as actual
from pg_catalog.pg_database d
where d.datname = pg_catalog.current_database();
