-- name: relations()
-- Every relation that a backup may concern. Nothing here waits for a lock on a table.
with recursive me as (
    select oid, rolsuper or rolbypassrls as bypasses
    from pg_catalog.pg_roles
    where rolname = current_user
),
ancestry as (
    select i.inhrelid as leaf, i.inhparent as parent, i.inhparent as top
    from pg_catalog.pg_inherits i
    join pg_catalog.pg_class c on c.oid = i.inhrelid
    where c.relispartition
    union all
    select a.leaf, a.parent, i.inhparent
    from ancestry a
    join pg_catalog.pg_class c on c.oid = a.top and c.relispartition
    join pg_catalog.pg_inherits i on i.inhrelid = a.top
),
topmost as (
    select a.leaf, a.parent, a.top
    from ancestry a
    join pg_catalog.pg_class c on c.oid = a.top
    where not c.relispartition
),
configured as (
    select pg_catalog.unnest(extconfig) as oid from pg_catalog.pg_extension
)
select
    n.nspname as schema,
    c.relname as name,
    c.relkind::pg_catalog.text as kind,
    pn.nspname as parent_schema,
    p.relname as parent_name,
    tn.nspname as top_schema,
    t.relname as top_name,
    pg_catalog.pg_get_userbyid(c.relowner) as owner,
    c.reltuples::pg_catalog.int8 as tuples,
    (c.relpages::pg_catalog.int8 + coalesce(toast.relpages, 0))
        * pg_catalog.current_setting('block_size')::pg_catalog.int8 as size_bytes,
    c.relispopulated as populated,
    c.relpersistence = 'u' as unlogged,
    coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) as schema_usable,
    coalesce(
        case c.relkind
            when 'S' then pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
            else pg_catalog.has_table_privilege(c.oid, 'SELECT')
        end,
        false
    ) as selectable,
    c.relrowsecurity
        and not me.bypasses
        and (c.relforcerowsecurity or not pg_catalog.pg_has_role(c.relowner, 'USAGE')) as row_security_hides,
    e.extname as extension,
    c.oid in (select oid from configured) as extension_data
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join me
left join topmost a on a.leaf = c.oid
left join pg_catalog.pg_class p on p.oid = a.parent
left join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
left join pg_catalog.pg_class t on t.oid = a.top
left join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
left join pg_catalog.pg_class toast on toast.oid = c.reltoastrelid
left join pg_catalog.pg_depend d
    on d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.objid = c.oid
    and d.objsubid = 0
    and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    and d.deptype = 'e'
left join pg_catalog.pg_extension e on e.oid = d.refobjid
where
    c.relkind in ('r', 'p', 'm', 'S', 'f', 'v')
    and c.relpersistence <> 't'
    and n.nspname <> 'information_schema'
    and not pg_catalog.starts_with(n.nspname, 'pg_')
order by n.nspname collate "C", c.relname collate "C";

-- name: columns()
-- The columns of everything with rows, domains followed down to what they stand on.
with recursive down as (
    select oid as top, oid, typtype, typbasetype, typtypmod
    from pg_catalog.pg_type
    where typtype = 'd'
    union all
    select d.top, b.oid, b.typtype, b.typbasetype,
        case when d.typtypmod >= 0 then d.typtypmod else b.typtypmod end
    from down d
    join pg_catalog.pg_type b on b.oid = d.typbasetype
    where d.typtype = 'd'
)
select
    n.nspname as schema,
    c.relname as relation,
    a.attname as name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
    a.atttypid::pg_catalog.int8 as type_oid,
    b.oid::pg_catalog.int8 as base_oid,
    b.typtype::pg_catalog.text as base_kind,
    coalesce(nullif(a.atttypmod, -1), d.typtypmod, -1) as base_modifier,
    -- refcursor borrows text's output function, which would not take a refcursor.
    case
        when o.pronamespace = 'pg_catalog'::pg_catalog.regnamespace and (o.proargtypes[0] = b.oid or taken.typtype = 'p')
            then o.proname
    end as output,
    a.attgenerated::pg_catalog.text as generated
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join down d on d.top = a.atttypid and d.typtype <> 'd'
join pg_catalog.pg_type b on b.oid = coalesce(d.oid, a.atttypid)
join pg_catalog.pg_proc o on o.oid = b.typoutput
join pg_catalog.pg_type taken on taken.oid = o.proargtypes[0]
where
    a.attnum > 0
    and not a.attisdropped
    and c.relkind in ('r', 'p', 'm')
    and c.relpersistence <> 't'
    and n.nspname <> 'information_schema'
    and not pg_catalog.starts_with(n.nspname, 'pg_')
order by c.oid, a.attnum;

-- name: sizes(schemas, names)
-- What tables take on disk with their TOAST part. Waits where somebody holds ACCESS EXCLUSIVE.
select n.nspname as schema, c.relname as name, pg_catalog.pg_table_size(c.oid) as size_bytes
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join unnest(:schemas::pg_catalog.text[], :names::pg_catalog.text[]) as wanted (schema, name)
    on wanted.schema = n.nspname and wanted.name = c.relname;
