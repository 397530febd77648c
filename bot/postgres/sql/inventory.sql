-- Each statement gives one section of the inventory: the identity columns first (name, on_schema, …),
-- then facts. No OIDs, no options of foreign servers, no connection strings, no function bodies.
-- Grants are aclitems, the built-in default where none was ever granted: pg_dump restores that as none.
-- What pg_dump leaves to extensions (deptype e) is left out here too, except for the extensions themselves.

-- name: schemas()
select n.nspname as name, pg_catalog.pg_get_userbyid(n.nspowner) as owner,
    coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))::pg_catalog.text[] as grants
from pg_catalog.pg_namespace n
where n.nspname <> 'information_schema' and not pg_catalog.starts_with(n.nspname, 'pg_');

-- name: extensions()
select e.extname as name, e.extversion as version, n.nspname as in_schema,
    pg_catalog.pg_get_userbyid(e.extowner) as owner
from pg_catalog.pg_extension e
join pg_catalog.pg_namespace n on n.oid = e.extnamespace;

-- name: relations()
select n.nspname as schema, c.relname as name,
    c.relkind::pg_catalog.text as kind,
    pg_catalog.pg_get_userbyid(c.relowner) as owner,
    coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))::pg_catalog.text[] as grants,
    c.relrowsecurity as row_security,
    c.relforcerowsecurity as row_security_forced,
    c.relpersistence = 'u' as unlogged,
    c.relreplident::pg_catalog.text as replica_identity,
    c.reloptions as options,
    case when c.relkind = 'm' then c.relispopulated end as populated,
    case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end as definition,
    case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end as partitioned_by,
    case when c.relispartition then pg_catalog.pg_get_expr(c.relpartbound, c.oid) end as partition_bound,
    (
        select pg_catalog.array_agg(pn.nspname || '.' || p.relname order by i.inhseqno)
        from pg_catalog.pg_inherits i
        join pg_catalog.pg_class p on p.oid = i.inhparent
        join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
        where i.inhrelid = c.oid
    ) as inherits,
    pg_catalog.obj_description(c.oid, 'pg_class') as comment
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where
    c.relkind in ('r', 'p', 'm', 'f', 'v')
    and c.relpersistence <> 't'
    and n.nspname <> 'information_schema'
    and not pg_catalog.starts_with(n.nspname, 'pg_')
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'
    );

-- name: columns()
select n.nspname as on_schema, c.relname as on_name, a.attname as name,
    pg_catalog.row_number() over (partition by a.attrelid order by a.attnum) as position,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
    a.attnotnull as not_null,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) as "default",
    a.attgenerated::pg_catalog.text as generated,
    a.attidentity::pg_catalog.text as identity,
    case when a.attcollation <> t.typcollation then cn.nspname || '.' || co.collname end as collation,
    a.attacl::pg_catalog.text[] as grants
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_catalog.pg_collation co on co.oid = a.attcollation
left join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
where
    a.attnum > 0
    and not a.attisdropped
    and c.relkind in ('r', 'p', 'm', 'f', 'v', 'c')
    and c.relpersistence <> 't'
    and n.nspname <> 'information_schema'
    and not pg_catalog.starts_with(n.nspname, 'pg_')
    and not exists (
        select from pg_catalog.pg_depend e
        where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e'
    );

-- name: indexes()
select n.nspname as on_schema, t.relname as on_name, i.relname as name,
    pg_catalog.pg_get_indexdef(x.indexrelid) as definition,
    x.indisvalid as valid, x.indisprimary as "primary", x.indisunique as "unique"
from pg_catalog.pg_index x
join pg_catalog.pg_class i on i.oid = x.indexrelid
join pg_catalog.pg_class t on t.oid = x.indrelid
join pg_catalog.pg_namespace n on n.oid = t.relnamespace
where
    t.relpersistence <> 't'
    and n.nspname <> 'information_schema'
    and not pg_catalog.starts_with(n.nspname, 'pg_')
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = t.oid and d.deptype = 'e'
    );

-- name: constraints()
-- 18 lists NOT NULL here; columns carry it on every version, so it is left out.
select n.nspname as on_schema, coalesce(t.relname, y.typname) as on_name, c.conname as name,
    pg_catalog.pg_get_constraintdef(c.oid) as definition,
    c.contype::pg_catalog.text as kind, c.convalidated as validated
from pg_catalog.pg_constraint c
join pg_catalog.pg_namespace n on n.oid = c.connamespace
left join pg_catalog.pg_class t on t.oid = c.conrelid
left join pg_catalog.pg_type y on y.oid = c.contypid
where
    c.contype not in ('n', 't')
    and coalesce(t.relpersistence, 'p') <> 't'
    and n.nspname <> 'information_schema'
    and not pg_catalog.starts_with(n.nspname, 'pg_')
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid in ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass)
            and d.objid in (c.conrelid, c.contypid) and d.deptype = 'e'
    );

-- name: triggers()
select n.nspname as on_schema, c.relname as on_name, t.tgname as name,
    pg_catalog.pg_get_triggerdef(t.oid) as definition,
    t.tgenabled::pg_catalog.text as enabled
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where not t.tgisinternal and not pg_catalog.starts_with(n.nspname, 'pg_');

-- name: rules()
select n.nspname as on_schema, c.relname as on_name, r.rulename as name,
    pg_catalog.pg_get_ruledef(r.oid) as definition,
    r.ev_enabled::pg_catalog.text as enabled
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class c on c.oid = r.ev_class
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where
    r.rulename <> '_RETURN'
    and n.nspname <> 'information_schema'
    and not pg_catalog.starts_with(n.nspname, 'pg_');

-- name: policies()
select n.nspname as on_schema, c.relname as on_name, p.polname as name,
    p.polcmd::pg_catalog.text as command,
    p.polpermissive as permissive,
    (
        select pg_catalog.array_agg(
            case when r = 0 then 'public' else pg_catalog.pg_get_userbyid(r)::pg_catalog.text end
        )
        from pg_catalog.unnest(p.polroles) as r
    ) as roles,
    pg_catalog.pg_get_expr(p.polqual, p.polrelid) as "using",
    pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "check"
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace;

-- name: functions()
-- The body may hold anything, so its hash stands for it.
select n.nspname as schema,
    p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')' as name,
    p.prokind::pg_catalog.text as kind,
    pg_catalog.pg_get_userbyid(p.proowner) as owner,
    pg_catalog.pg_get_function_result(p.oid) as result,
    pg_catalog.pg_get_function_arguments(p.oid) as arguments,
    l.lanname as language,
    pg_catalog.encode(
        pg_catalog.sha256(
            pg_catalog.convert_to(
                coalesce(p.prosrc, '') || ' ' || coalesce(p.probin, '')
                    || case
                        when p.prokind <> 'a' and p.prosqlbody is not null
                            then pg_catalog.pg_get_function_sqlbody(p.oid)
                        else ''
                    end,
                'UTF8'
            )
        ),
        'hex'
    ) as body_sha256,
    p.prosecdef as security_definer,
    p.provolatile::pg_catalog.text as volatility,
    p.proisstrict as strict,
    p.proleakproof as leakproof,
    p.proparallel::pg_catalog.text as parallel,
    p.proconfig as settings,
    coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))::pg_catalog.text[] as grants
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
where
    n.nspname <> 'information_schema'
    and not pg_catalog.starts_with(n.nspname, 'pg_')
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e'
    );

-- name: types()
select n.nspname as schema, t.typname as name,
    t.typtype::pg_catalog.text as kind,
    pg_catalog.pg_get_userbyid(t.typowner) as owner,
    case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end as base,
    case when t.typtype = 'd' then t.typnotnull end as not_null,
    case when t.typtype = 'd' then t.typdefault end as "default",
    case
        when t.typtype = 'e'
            then (
                select pg_catalog.array_agg(e.enumlabel::pg_catalog.text order by e.enumsortorder)
                from pg_catalog.pg_enum e
                where e.enumtypid = t.oid
            )
    end as labels,
    case
        when t.typtype = 'r'
            then (
                select pg_catalog.format_type(r.rngsubtype, null)
                from pg_catalog.pg_range r
                where r.rngtypid = t.oid
            )
    end as subtype,
    coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner))::pg_catalog.text[] as grants
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_class c on c.oid = t.typrelid
where
    (t.typtype in ('d', 'e', 'r') or (t.typtype = 'c' and c.relkind = 'c'))
    and n.nspname <> 'information_schema'
    and not pg_catalog.starts_with(n.nspname, 'pg_')
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = t.oid and d.deptype = 'e'
    );

-- name: sequences()
-- Where they stand is asked of each one that can be read: pg_sequences does not know setval(…, false).
select s.schemaname as schema, s.sequencename as name,
    s.sequenceowner as owner,
    pg_catalog.format_type(s.data_type, null) as type,
    s.start_value::pg_catalog.text as start,
    s.min_value::pg_catalog.text as minimum,
    s.max_value::pg_catalog.text as maximum,
    s.increment_by::pg_catalog.text as increment,
    s.cycle as cycles,
    s.cache_size::pg_catalog.text as cache,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        and pg_catalog.has_sequence_privilege(c.oid, 'SELECT') as readable,
    (
        select on_n.nspname || '.' || o.relname || '.' || a.attname
        from pg_catalog.pg_depend d
        join pg_catalog.pg_class o on o.oid = d.refobjid
        join pg_catalog.pg_namespace on_n on on_n.oid = o.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum = d.refobjsubid
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.objid = c.oid
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.deptype in ('a', 'i')
    ) as owned_by,
    coalesce(c.relacl, pg_catalog.acldefault('s', c.relowner))::pg_catalog.text[] as grants
from pg_catalog.pg_sequences s
join pg_catalog.pg_namespace n on n.nspname = s.schemaname
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = s.sequencename
where
    c.relpersistence <> 't'
    and not pg_catalog.starts_with(n.nspname, 'pg_')
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'
    );

-- name: default_privileges()
select pg_catalog.pg_get_userbyid(d.defaclrole) as name,
    coalesce(n.nspname, '') as in_schema,
    d.defaclobjtype::pg_catalog.text as object_kind,
    d.defaclacl::pg_catalog.text[] as grants
from pg_catalog.pg_default_acl d
left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace;

-- name: event_triggers()
select e.evtname as name, e.evtevent as event, e.evtenabled::pg_catalog.text as enabled, e.evttags as tags,
    pg_catalog.pg_get_userbyid(e.evtowner) as owner,
    n.nspname || '.' || p.proname as function
from pg_catalog.pg_event_trigger e
join pg_catalog.pg_proc p on p.oid = e.evtfoid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace;

-- name: publications()
select p.pubname as name, pg_catalog.pg_get_userbyid(p.pubowner) as owner, p.puballtables as all_tables,
    (
        select pg_catalog.array_agg(t.schemaname || '.' || t.tablename)
        from pg_catalog.pg_publication_tables t
        where t.pubname = p.pubname
    ) as tables
from pg_catalog.pg_publication p;

-- name: subscriptions()
-- Names only: the connection string is a secret, and column rights leave it to superusers anyway.
select s.subname as name, pg_catalog.pg_get_userbyid(s.subowner) as owner, s.subenabled as enabled
from pg_catalog.pg_subscription s
join pg_catalog.pg_database d on d.oid = s.subdbid
where d.datname = pg_catalog.current_database();

-- name: foreign_servers()
select s.srvname as name, w.fdwname as wrapper, pg_catalog.pg_get_userbyid(s.srvowner) as owner
from pg_catalog.pg_foreign_server s
join pg_catalog.pg_foreign_data_wrapper w on w.oid = s.srvfdw;

-- name: collations()
-- The versions under which indexes were built, for collations in use or made here.
select n.nspname as schema, c.collname as name, c.collprovider::pg_catalog.text as provider,
    c.collisdeterministic as deterministic, c.collversion as version
from pg_catalog.pg_collation c
join pg_catalog.pg_namespace n on n.oid = c.collnamespace
where
    n.nspname not in ('pg_catalog', 'information_schema')
    or c.oid in (select attcollation from pg_catalog.pg_attribute where attcollation not in (0, 100, 950));

-- name: large_objects()
select pg_catalog.count(*) as count from pg_catalog.pg_largeobject_metadata;
