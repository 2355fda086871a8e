"""Refuse documents that ask for too much, before anything is looked up.

A fragment is measured once and counted wherever it is spread, so that no nesting of fragments takes longer to measure
than to write. What else is wrong with a document is left to GraphQL's own validation.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from domain.errors import Invalid

MOST_TOKENS = 1_500
MOST_DEEP = 10
MOST_ALIASES = 30
MOST_ROOTS = 30
MOST_DIRECTIVES = 30
MOST_WRITTEN = 300
"""Bounds what validation compares each with each: 700 fields of one name in a selection keep it busy for 0.7 s."""
MOST_FIELDS = 25_000
LISTED = 5
"""How long a list is taken to be that has no ``first``."""
WEIGHTS = {
    "stateAt": 250,
    "dryRun": 250,
    "budget": 250,
    "budgets": 2_500,
    "drift": 5_000,
    "checkDocument": 5_000,
    "addTools": 5_000,
    "episodes": 250,
    "memory": 500,
    "memoryOverview": 500,
    "__schema": 5_000,
    "__type": 500,
}
"""What weighs more than one field: to fold a log, to check calls or documents, to search, to show what may be asked."""


class Size(NamedTuple):
    """Say how deep a selection is, and how many fields its answer may have."""

    depth: int = 0
    fields: int = 0


def check(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
    """Raise Invalid where a document has another number of operations than one, or asks for too much."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) != 1:
        raise Invalid(f"Expected one operation in a document, but there are {len(operations)}: send each by itself.")
    nodes = list(_selections(document))
    _at_most(MOST_WRITTEN, len(nodes), "fields and fragments as written", "ask again for the rest")
    _at_most(
        MOST_ALIASES, sum(1 for node in nodes if getattr(node, "alias", None)), "aliases", "ask again for the rest"
    )
    _at_most(MOST_DIRECTIVES, sum(len(node.directives or ()) for node in nodes), "directives", "leave some out")
    roots = operations[0].selection_set.selections
    _at_most(MOST_ROOTS, len(roots), "fields at the root", "ask again for the rest")
    size = Meter(schema, document, {**_defaults(operations[0]), **variables}).operation(operations[0])
    _at_most(MOST_DEEP, size.depth, "levels", "ask again with the ids that you found")
    _at_most(MOST_FIELDS, size.fields, "fields in the answer", "lower `first`, or leave fields out")


def _at_most(most: int, count: int, what: str, do: str) -> None:
    if count > most:
        raise Invalid(f"Expected at most {most} {what}, but this would be {count}: {do}.")


def _selections(document: DocumentNode) -> Iterator[SelectionNode]:
    """Yield every selection that is written in a document."""
    open_sets = [each.selection_set for each in document.definitions if hasattr(each, "selection_set")]
    while open_sets:
        for node in open_sets.pop().selections:
            yield node
            inner = getattr(node, "selection_set", None)
            if inner:
                open_sets.append(inner)


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    given = operation.variable_definitions or ()
    return {each.variable.name.value: _number(each.default_value, {}) for each in given if each.default_value}


def _number(node: ValueNode | None, variables: Mapping[str, Any]) -> int:
    """Return the number that an argument stands for, 1 where it is none."""
    match node:
        case IntValueNode(value=text):
            return int(text[:20])
        case VariableNode(name=name):
            value = variables.get(name.value)
            return int(value) if isinstance(value, int | float) else 1  # GraphQL takes 500.0 for 500
        case _:
            return 1


class Meter:
    """Measure selections by the types that they are made on."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]):
        self._schema = schema
        self._variables = variables
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._measured: dict[str, Size] = {}

    def operation(self, operation: OperationDefinitionNode) -> Size:
        """Measure a whole operation."""
        return self._set(operation.selection_set, self._schema.get_root_type(operation.operation))

    def _set(self, selections: SelectionSetNode | None, parent: Any) -> Size:
        sizes = [self._one(node, parent) for node in selections.selections] if selections else []
        return Size(max((each.depth for each in sizes), default=0), sum(each.fields for each in sizes))

    def _one(self, node: SelectionNode, parent: Any) -> Size:
        match node:
            case FieldNode():
                return self._field(node, parent)
            case InlineFragmentNode(type_condition=condition, selection_set=inner):
                return self._set(inner, self._schema.get_type(condition.name.value) if condition else parent)
            case FragmentSpreadNode(name=name):
                return self._fragment(name.value)
            case _:
                return Size()

    def _field(self, node: FieldNode, parent: Any) -> Size:
        name = node.name.value
        weight = WEIGHTS.get(name, 1)
        if name.startswith("__"):  # GraphQL's own, which its own validation bounds
            return Size(1, weight)
        definition: GraphQLField | None = getattr(parent, "fields", {}).get(name)
        inner = self._set(node.selection_set, get_named_type(definition.type) if definition else None)
        items = self._items(node, definition, parent) if definition else 1
        return Size(1 + inner.depth, weight + items * inner.fields)

    def _items(self, node: FieldNode, definition: GraphQLField, parent: Any) -> int:
        """Return how many objects a field may stand for."""
        if "first" in definition.args:
            given = next((each.value for each in node.arguments or () if each.name.value == "first"), None)
            return max(1, _number(given, self._variables) if given else definition.args["first"].default_value)
        # What a connection lists was counted where its `first` stands.
        listed = is_list_type(get_nullable_type(definition.type)) and not parent.name.endswith("Connection")
        return LISTED if listed else 1

    def _fragment(self, name: str) -> Size:
        if name not in self._measured:
            self._measured[name] = Size()  # where a fragment leads back to itself, validation says so
            if fragment := self._fragments.get(name):
                on = self._schema.get_type(fragment.type_condition.name.value)
                self._measured[name] = self._set(fragment.selection_set, on)
        return self._measured[name]
