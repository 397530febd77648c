"""The ways in which a restored database is broken, each with the rules that have to say so, and no others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """How it is broken, in words and as SQL run by the superuser; and which rules speak."""

    words: str
    sql: str
    rules: frozenset[str]


def case(words: str, statements: str, *rules: str) -> Case:
    return Case(words, statements, frozenset(rules))


_MOVE = """
update pg_class set relispartition = false where oid in ('events_2025_02'::regclass, 'events_2025_03'::regclass);
with gone as (delete from only events_2025_02 where id = (select min(id) from only events_2025_02) returning *)
  insert into events_2025_03 select * from gone;
update pg_class set relispartition = true where oid in ('events_2025_02'::regclass, 'events_2025_03'::regclass)
"""

CASES = (
    # Rows.
    case("rows missing from one table", "delete from orders where id % 100 = 0", "ROWS_MISSING"),
    case("every row missing from one table", "truncate notes", "ROWS_MISSING"),
    case(
        "every row missing",
        "set session_replication_role = replica; truncate customers, orders, notes, tickets, events, trail;"
        " refresh materialized view totals",
        "EMPTY_RESTORE",
        "HASH_CHAIN_EMPTY",
        "CUSTOM_CHECK_FAILED",
        "DATES_MISSING",
    ),
    case(
        "one value changed", "update customers set balance = balance + 0.01 where id = 7", "CONTENT_DIFFERS"
    ),
    case("a number's scale changed", "update customers set balance = 1.5000 where id = 1", "CONTENT_DIFFERS"),
    case(
        "a letter's case changed", "update customers set email = upper(email) where id = 9", "CONTENT_DIFFERS"
    ),
    case(
        "two rows that swapped a value",
        "update orders a set rebate = b.rebate from orders b where (a.id, b.id) in ((10, 11), (11, 10))",
        "CONTENT_DIFFERS",
    ),
    case("a duplicated row", "insert into notes select * from notes limit 1", "ROWS_UNEXPECTED"),
    case(
        "one row twice and another not at all",
        "delete from notes where ctid = (select min(ctid) from notes); insert into notes "
        "select * from notes where body <> 'note 1' limit 1",
        "CONTENT_DIFFERS",
    ),
    case("a row moved to another partition", _MOVE, "ROWS_MOVED"),
    case(
        "a value changed in one partition",
        "update events_2025_02 set body = '{}' where id = (select min(id) from events_2025_02)",
        "CONTENT_DIFFERS",
    ),
    case(
        "a link of the application's own chain changed",
        "update trail set what = 'nothing' where id = 50",
        "CONTENT_DIFFERS",
        "HASH_CHAIN_BROKEN",
    ),
    case(
        "a large object missing",
        "select lo_unlink(oid) from pg_largeobject_metadata",
        "LARGE_OBJECTS_DIFFER",
    ),
    # Structure.
    case("a table missing", "drop table archive.old_orders", "TABLE_MISSING", "STRUCTURE_MISSING"),
    case("an index missing", "drop index orders_customer_idx", "STRUCTURE_MISSING"),
    case(
        "an index changed",
        "drop index orders_customer_idx; create index orders_customer_idx on orders (customer_id desc)",
        "STRUCTURE_DIFFERS",
    ),
    case(
        "an index that is not valid",
        "update pg_index set indisvalid = false where indexrelid = 'orders_customer_idx'::regclass",
        "INDEX_INVALID",
    ),
    case(
        "a check constraint missing",
        "alter table customers drop constraint customers_balance_check",
        "STRUCTURE_MISSING",
    ),
    case(
        "a foreign key missing",
        "alter table orders drop constraint orders_customer_id_fkey",
        "STRUCTURE_MISSING",
    ),
    case(
        "a foreign key changed",
        "alter table orders drop constraint orders_customer_id_fkey, add constraint orders_customer_id_fkey"
        " foreign key (customer_id) references customers on delete cascade",
        "STRUCTURE_DIFFERS",
    ),
    case(
        "a constraint that was not validated",
        "update pg_constraint set convalidated = false where conname = 'orders_customer_id_fkey'",
        "CONSTRAINT_NOT_VALIDATED",
    ),
    case("a foreign key switched off", "alter table orders disable trigger all", "CONSTRAINT_NOT_ENFORCED"),
    case(
        "a domain's constraint missing", "alter domain code drop constraint code_check", "STRUCTURE_MISSING"
    ),
    case("a trigger missing", "drop trigger customers_touch on customers", "STRUCTURE_MISSING"),
    case(
        "a trigger switched off", "alter table customers disable trigger customers_touch", "STRUCTURE_DIFFERS"
    ),
    case(
        "a trigger too many",
        "create trigger more before insert on orders execute function touch()",
        "STRUCTURE_UNEXPECTED",
    ),
    case("a policy missing", "drop policy own on customers", "STRUCTURE_MISSING"),
    case("a policy's condition changed", "alter policy own on customers using (true)", "STRUCTURE_DIFFERS"),
    case("a policy for other roles", "alter policy own on customers to anon", "STRUCTURE_DIFFERS"),
    case("row security off", "alter table customers disable row level security", "ROW_SECURITY_DIFFERS"),
    case("row security forced", "alter table customers force row level security", "ROW_SECURITY_DIFFERS"),
    case("a grant missing", "revoke select on orders from anon", "GRANTS_DIFFER"),
    case("a grant too many", "grant select on customers to anon", "GRANTS_DIFFER"),
    case("a column's grant missing", "revoke select (name) on customers from authenticated", "GRANTS_DIFFER"),
    case("a closed function open", "grant execute on function twice(integer) to public", "GRANTS_DIFFER"),
    case(
        "a default privilege missing",
        "alter default privileges for role postgres in schema archive revoke select on tables from service_role",
        "DEFAULT_PRIVILEGES_DIFFER",
    ),
    case(
        "a default privilege changed",
        "alter default privileges for role postgres in schema archive grant insert on tables to anon",
        "DEFAULT_PRIVILEGES_DIFFER",
    ),
    case(
        "another owner", "alter sequence ticket_seq owner to authenticated", "OWNER_DIFFERS", "GRANTS_DIFFER"
    ),
    case(
        "a partition missing",
        "drop table events_2025_03",
        "TABLE_MISSING",
        "ROWS_MISSING",
        "STRUCTURE_MISSING",
    ),
    case("an empty partition missing", "drop table events_default", "TABLE_MISSING", "STRUCTURE_MISSING"),
    case(
        "a partition's bounds changed",
        "alter table events detach partition events_2025_03; alter table events attach partition events_2025_03"
        " for values from ('2025-03-01Z') to ('2025-05-01Z')",
        "STRUCTURE_DIFFERS",
    ),
    case("a function missing", "drop function twice(integer)", "STRUCTURE_MISSING"),
    case(
        "a function's body changed",
        "create or replace function twice(n integer) returns integer language sql immutable as 'select 3 * n'",
        "STRUCTURE_DIFFERS",
    ),
    case(
        "a function SECURITY DEFINER", "alter function twice(integer) security definer", "STRUCTURE_DIFFERS"
    ),
    case("a view missing", "drop view big_orders", "STRUCTURE_MISSING"),
    case(
        "a view changed",
        "create or replace view big_orders as select id, total from orders where total > 10",
        "STRUCTURE_DIFFERS",
    ),
    case(
        "a column's type changed",
        "alter table notes alter written_on type timestamp",
        "STRUCTURE_DIFFERS",
        "CONTENT_DIFFERS",
    ),
    case(
        "a column renamed",
        "alter table notes rename written_on to day",
        "STRUCTURE_MISSING",
        "STRUCTURE_UNEXPECTED",
        "EXPRESSION_DIFFERS",
    ),
    case("a column's default missing", "alter table customers alter state drop default", "STRUCTURE_DIFFERS"),
    case("a column NULL again", "alter table customers alter name drop not null", "STRUCTURE_DIFFERS"),
    case("a label more in an enum", "alter type state add value 'lost'", "STRUCTURE_DIFFERS"),
    case("a comment missing", "comment on table orders is null", "STRUCTURE_DIFFERS"),
    case("a sequence behind", "select setval('orders_id_seq', 1)", "SEQUENCE_BEHIND"),
    case("a sequence behind that is only a default", "select setval('ticket_seq', 100)", "SEQUENCE_BEHIND"),
    case(
        "an identity behind, under partitions", "select setval('events_id_seq', 3, false)", "SEQUENCE_BEHIND"
    ),
    case("a sequence's step changed", "alter sequence ticket_seq increment 1", "STRUCTURE_DIFFERS"),
    case(
        "a materialized view unpopulated",
        "refresh materialized view totals with no data",
        "MATVIEW_UNPOPULATED",
    ),
    case("an extension absent", "drop extension btree_gist", "EXTENSION_ABSENT"),
)


# Broken elsewhere than in the restored database; each has a test of its own beside this file.
ELSEWHERE = (
    ("the archive cut off at five places, in zstd, gzip, lz4 and uncompressed", "ARCHIVE_SIZE_DIFFERS"),
    ("bits of the archive flipped at three places, in each compression", "ARCHIVE_HASH_DIFFERS"),
    ("the archive of zero bytes, or with something appended", "ARCHIVE_SIZE_DIFFERS"),
    ("the archive gone, its version removed behind another object", "ARCHIVE_MISSING"),
    ("an older archive in its place", "ARCHIVE_SIZE_DIFFERS"),
    ("an older archive, manifest and hash made to fit", "ROWS_MISSING"),
    ("another database's archive in its place", "ARCHIVE_SIZE_DIFFERS"),
    ("another database's archive, manifest and hash made to fit", "ARCHIVE_HOLDS_MORE"),
    ("a table's rows left out of the archive", "ARCHIVE_LACKS_ROWS"),
    ("the manifest gone", "MANIFEST_MISSING"),
    ("the manifest empty, no JSON, no manifest, or against its schema", "MANIFEST_UNREADABLE"),
    ("the manifest of a future version", "MANIFEST_FROM_THE_FUTURE"),
    ("the manifest of an older backup, of another database, or edited", "MANIFEST_DIFFERS"),
    ("a manifest that claims more rows, and is believed", "ROWS_MISSING"),
    ("a manifest that claims other content, and is believed", "CONTENT_DIFFERS"),
    ("a manifest whose expression was exchanged for other SQL", "EXPRESSION_DIFFERS"),
    ("a manifest without an inventory, or with an unreadable section", "STRUCTURE_NOT_COMPARED"),
    ("an archive from a newer client, or a manifest that asks for one", "CLIENT_TOO_OLD"),
    ("a role that staging lacks and the manifest cannot make", "ROLE_ABSENT"),
    ("an extension that staging cannot have", "EXTENSION_ABSENT"),
    ("a view changed between two major versions", "STRUCTURE_NOT_COMPARED"),
)


def document() -> str:
    """Every case as a Markdown document."""
    return (
        "# The ways to be broken, and the rules that say so\n\n"
        "Each line is a test: the backup is broken so, and the rules meant for it speak. None speaks on a healthy\n"
        "backup of either sample database, of any kind, brought back either way, nor on one from PostgreSQL 15 that\n"
        "is tested on 17 or from 17 on 15.\n\n" + table()
    )


def table() -> str:
    """Every case as a Markdown table."""
    lines = [
        "| how it is broken | which rules say so |",
        "| --- | --- |",
    ]
    lines += [f"| {words} | `{rule}` |" for words, rule in ELSEWHERE]
    lines += [f"| {c.words} | {', '.join(f'`{rule}`' for rule in sorted(c.rules))} |" for c in CASES]
    return "\n".join(lines) + "\n"
