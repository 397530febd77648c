-- The roles of a Supabase project, once per cluster. supabase_admin is there already: it is the bootstrap
-- superuser, and owns what the platform owns. Every statement may run again.
do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      -- What a request through the REST interface becomes: not logged in, logged in, and the backend's key,
      -- which passes row security.
      ('anon',          'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role',  'nologin noinherit bypassrls'),
      -- The REST server itself: it can do nothing but become one of the three.
      ('authenticator', 'login noinherit'),
      -- The owners of the schemas auth and storage. On Supabase the customer is none of them.
      ('supabase_auth_admin',    'login noinherit createrole'),
      ('supabase_storage_admin', 'login noinherit createrole'),
      -- The customer's own role, with which Sparewheel connects. NOT a superuser: no COPY to files or
      -- programs, no event triggers, no touching what the platform owns, no reading what was not granted.
      -- It has:
      --   createdb     a staging project's scratch databases are made by it;
      --   createrole   customers make roles of their own (and a restore test makes a fresh one);
      --   replication  logical decoding, as Supabase grants it; nothing here uses it;
      --   bypassrls    backups must see every row: without it pg_dump refuses tables with row security.
      ('postgres', 'login createdb createrole replication bypassrls nosuperuser')
    ) as role (name, rights)
  loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      execute format('create role %I %s', wanted.name, wanted.rights);
    end if;
  end loop;
end
$$;

grant anon, authenticated, service_role to authenticator;
-- So that `postgres` can try its policies with `set role`, as on Supabase.
grant anon, authenticated, service_role, authenticator to postgres;
-- So that it can watch its own queries and sessions.
grant pg_monitor, pg_read_all_settings, pg_signal_backend to postgres;

-- Supabase's own settings: a backup must not be cut by them.
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role postgres set search_path = "$user", public, extensions;
