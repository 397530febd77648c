"""SQL in files by name, beside the modules that run it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import aiosql


@cache
def statements(file: str) -> Mapping[str, str]:
    """The statements of one file of this folder by their names, in the file's order."""
    text = resources.files(__name__).joinpath(file).read_text(encoding="utf-8")
    queries = aiosql.from_str(text, "psycopg")
    named = {name: getattr(queries, name).sql for name in queries.available_queries}
    return {name: sql for name, sql in named.items() if not name.endswith("_cursor")}
