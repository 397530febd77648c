"""Statements that name roles are found and taken apart, whatever the names and texts around them."""

from __future__ import annotations

from bot.postgres import restore_sql

_HEAD = "--\n-- Name: {name}; Type: {kind}; Schema: public; Owner: x\n--\n\n"


def _upper(role: str) -> str:
    return role.upper()


def _section(kind: str, body: str) -> str:
    return _HEAD.format(name="it's a name", kind=kind) + body + "\n\n\n"


def _texts(statements: list[restore_sql.Statement]) -> list[str]:
    return [statement.text(_upper) for statement in statements]


def test_owners_of_columns_sequences_wait_for_their_tables_and_schemas_for_all() -> None:
    sql = (
        _section("SCHEMA", "CREATE SCHEMA s;\n\n\nALTER SCHEMA s OWNER TO ana;")
        + _section("SEQUENCE", "CREATE SEQUENCE s.q;\n\n\nALTER SEQUENCE s.q OWNER TO ana;")
        + _section("TABLE", 'CREATE TABLE s.t ();\n\n\nALTER TABLE s.t OWNER TO "b""ob x";')
    )

    assert _texts(restore_sql.owners(sql)) == [
        'ALTER TABLE s.t OWNER TO "B""OB X"',
        'ALTER SEQUENCE s.q OWNER TO "ANA"',
        'ALTER SCHEMA s OWNER TO "ANA"',
    ]


def test_only_the_last_line_of_an_entry_says_its_owner() -> None:
    body = "CREATE FUNCTION s.f() AS $$\nALTER TABLE s.x OWNER TO evil;\n$$;\n\n\nALTER FUNCTION s.f() OWNER TO ana;"

    assert _texts(restore_sql.owners(_section("FUNCTION", body))) == ['ALTER FUNCTION s.f() OWNER TO "ANA"']


def test_the_last_entry_of_a_file_has_an_owner_too() -> None:
    sql = _section("TABLE", "ALTER TABLE s.t OWNER TO ana;")
    sql += "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n"

    assert _texts(restore_sql.owners(sql)) == ['ALTER TABLE s.t OWNER TO "ANA"']


def test_grants_name_their_roles() -> None:
    sql = _section(
        "ACL",
        'REVOKE ALL ON TABLE s.t FROM ana;\nGRANT SELECT(a),UPDATE(b) ON TABLE s."to x" TO "b; ob";\n'
        "GRANT USAGE ON SCHEMA s TO PUBLIC;\nGRANT ALL ON FUNCTION s.f(a text, b integer) TO ana WITH GRANT OPTION;\n"
        "SET SESSION AUTHORIZATION ana;\nGRANT SELECT ON TABLE s.t TO bob;\nRESET SESSION AUTHORIZATION;",
    )

    assert _texts(restore_sql.grants_and_policies(sql)) == [
        'REVOKE ALL ON TABLE s.t FROM "ANA"',
        'GRANT SELECT(a),UPDATE(b) ON TABLE s."to x" TO "B; OB"',
        "GRANT USAGE ON SCHEMA s TO PUBLIC",
        'GRANT ALL ON FUNCTION s.f(a text, b integer) TO "ANA" WITH GRANT OPTION',
        'SET ROLE "ANA"',
        'GRANT SELECT ON TABLE s.t TO "BOB"',
        "RESET ROLE",
    ]


def test_default_privileges_name_two() -> None:
    sql = _section(
        "DEFAULT ACL", "ALTER DEFAULT PRIVILEGES FOR ROLE ana IN SCHEMA s GRANT ALL ON TABLES TO bob;"
    )

    (statement,) = restore_sql.grants_and_policies(sql)

    assert statement.roles == {"ana", "bob"}
    assert statement.text(_upper) == (
        'ALTER DEFAULT PRIVILEGES FOR ROLE "ANA" IN SCHEMA s GRANT ALL ON TABLES TO "BOB"'
    )


def test_policies_name_theirs_and_their_texts_stay() -> None:
    sql = _section(
        "POLICY",
        "CREATE POLICY \"a TO b\" ON s.t AS RESTRICTIVE FOR SELECT TO ana, bob USING ((x = 'TO c; -- d'::text));",
    ) + _section("POLICY", "CREATE POLICY p ON s.t USING (true);")

    assert _texts(restore_sql.grants_and_policies(sql)) == [
        'CREATE POLICY "a TO b" ON s.t AS RESTRICTIVE FOR SELECT TO "ANA", "BOB" USING ((x = \'TO c; -- d\'::text))',
        "CREATE POLICY p ON s.t USING (true)",
    ]
