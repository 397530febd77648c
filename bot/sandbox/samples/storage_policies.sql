-- CREATE POLICY wants the table's owner, which `postgres` is not. On Supabase the extension supautils lets it
-- do this all the same; there is no supautils here, so the superuser does it in the customer's name.
create policy "own files are readable" on storage.objects
  for select to authenticated using (owner = (select auth.uid()));
create policy "own folder is writable" on storage.objects
  for insert to authenticated
  with check ((storage.foldername(name))[1] = (select auth.uid())::text);
