"""A database of about 500 MB to measure on: narrow rows, documents, and some compressible text."""

from __future__ import annotations

import psycopg

# About 2.5 million narrow rows (320 MB with their index) and 130,000 documents (150 MB), as electronic logs
# hold them: places from a few thousand, inspections from a fixed vocabulary, numbers that move a little.
_SQL = """
create table public.readings (
    id bigint generated always as identity primary key,
    vehicle integer not null,
    taken_at timestamptz not null,
    kind smallint not null,
    speed integer not null,
    odometer bigint not null,
    place text not null
);
insert into public.readings (vehicle, taken_at, kind, speed, odometer, place)
select n % 4000, timestamptz '2026-01-01' + n * interval '7 seconds', n % 11, (n % 997 * 7919) % 120,
       100000 + n, 'mile ' || n % 2500 || ', interstate ' || n % 90
from generate_series(1, %(narrow)s) n;
create table public.documents (
    id integer generated always as identity primary key,
    made_at timestamptz not null,
    body jsonb not null
);
insert into public.documents (made_at, body)
select timestamptz '2026-01-01' + n * interval '1 minute',
       jsonb_build_object('report', n, 'driver', 'driver ' || n % 3000, 'items',
           (select jsonb_agg(jsonb_build_object(
                'part', (array['brakes', 'tires', 'lights', 'coupling', 'mirrors', 'horn'])[1 + (n + k) % 6],
                'state', (array['in order', 'worn', 'to be replaced before the next trip'])[1 + n * k % 3],
                'reading', n * k % 100, 'seen', k))
            from generate_series(1, 11) k))
from generate_series(1, %(documents)s) n;
"""


def fill(url: str, *, narrow: int = 2_500_000, documents: int = 130_000) -> int:
    """Fill an empty database and return its size in bytes."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _SQL.split(";\n"):
            if statement.strip():
                connection.execute(
                    statement.replace("%(narrow)s", str(narrow)).replace("%(documents)s", str(documents))
                )
        connection.execute("vacuum (analyze, freeze)")
        row = connection.execute("select pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])
