"""The schema is what is committed, and says of everything what it is."""

import subprocess
import sys
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, is_specified_scalar_type

from api.graphql.schema import printed, schema

COMMITTED = Path("api/schemas/schema.graphql")


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    assert COMMITTED.read_text("utf-8") == printed(), "write it anew: make schemas"


@pytest.mark.parametrize("name", sorted(name for name in schema()._schema.type_map if not name.startswith("__")))
def test_everything_says_what_it_is(name: str) -> None:
    kind = schema()._schema.type_map[name]
    assert kind.description or is_specified_scalar_type(kind), name
    fields = kind.fields if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType) else {}
    for field_name, field in fields.items():
        assert field.description, f"{name}.{field_name}"
        for argument_name, argument in getattr(field, "args", {}).items():
            assert argument.description, f"{name}.{field_name}({argument_name})"


def test_an_api_starts_without_what_only_graphql_needs() -> None:
    loaded = "import sys, api.app; print([name for name in sys.modules if name in ('graphql', 'strawberry')])"
    ran = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
