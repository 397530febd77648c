"""What people call the things in an inventory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_RELATIONS = {
    "r": "table",
    "p": "partitioned table",
    "m": "materialized view",
    "f": "foreign table",
    "v": "view",
}
_SECTIONS = {
    "schemas": "schema",
    "extensions": "extension",
    "columns": "column",
    "indexes": "index",
    "constraints": "constraint",
    "triggers": "trigger",
    "rules": "rule",
    "policies": "policy",
    "functions": "function",
    "types": "type",
    "sequences": "sequence",
    "default_privileges": "default privileges",
    "event_triggers": "event trigger",
    "publications": "publication",
    "subscriptions": "subscription",
    "foreign_servers": "foreign server",
    "collations": "collation",
    "large_objects": "large objects",
}
_FACTS = {
    "body_sha256": "body",
    "not_null": "NOT NULL",
    "partition_bound": "partition bounds",
    "partitioned_by": "partition key",
    "using": "condition",
    "check": "check condition",
    "security_definer": "SECURITY DEFINER",
    "in_schema": "schema",
}


def object_words(section: str, facts: Mapping[str, Any]) -> str:
    """What an object is: `index`, `materialized view`."""
    if section == "relations":
        kind = str(facts.get("kind"))
        return "partition" if "partition_bound" in facts else _RELATIONS.get(kind, "relation")
    return _SECTIONS.get(section, section)


def fact_words(fact: str) -> str:
    """What a fact is about: `body`, `partition bounds`."""
    return _FACTS.get(fact, fact.replace("_", " "))
