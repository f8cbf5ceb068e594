"""moto's expressions, which take longer than the rest of an UpdateItem."""

import copy
from functools import cache, lru_cache
from typing import Any, Final

from moto.dynamodb import comparisons
from moto.dynamodb.parsing import ast_nodes, expressions

# moto checks no types in these modules.
_NODES: Final[Any] = ast_nodes
_PARSER: Final[Any] = expressions.UpdateExpressionParser  # type: ignore[attr-defined]  # same
_CONDITION: Final[Any] = comparisons.ConditionExpressionParser
_parse_anew: Final = _CONDITION.parse
_make_any_operand: Final = _CONDITION._make_operand  # noqa: SLF001 -- moto's own
# The router has a few dozens; another program may have any number.
_MOST_EXPRESSIONS: Final = 1_000


@cache
def _is_a(kind: Any, of: Any) -> bool:
    """Return the result of issubclass, which is slow for the abstract classes of nodes."""
    return issubclass(kind, of)


@cache
def _processed_kinds(traverser: Any) -> tuple[type, ...]:
    """Return the classes of nodes that *traverser* processes, the same for all its instances."""
    return tuple(traverser._processing_map(object.__new__(traverser)))  # noqa: SLF001 -- moto's own


def _traverse(self: Any, node: Any, child_id: int = -1) -> Any:
    """Process *node* after its children; moto's own method asks for the classes at each node."""
    kind: Any = type(node)
    if not _is_a(kind, _NODES.Node):
        return node
    parent = node.parent
    for number, child in enumerate(node.children or ()):
        self.pre_processing_of_child(node, number)
        self.traverse_node_recursively(child, number)
    traverser: Any = type(self)
    if _is_a(kind, _processed_kinds(traverser)):
        node = self.process(node)
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


def _find_clauses(self: Any, clause_types: list[Any]) -> list[Any]:
    """Return the clauses below *self* that are of *clause_types*."""
    clauses: list[Any] = []
    for child in self.children or ():
        kind: Any = type(child)
        if kind in clause_types:
            clauses.append(child)
        elif _is_a(kind, (_NODES.Expression, _NODES.UpdateExpressionFunction)):
            clauses += child.find_clauses(clause_types)
    return clauses


def _copy_node(self: Any, memo: dict[int, Any]) -> Any:
    """Copy a node with all below it: a node has nothing else but its type and its parent."""
    twin = copy.copy(self)
    memo[id(self)] = twin
    if self.children is not None:
        twin.children = [copy.deepcopy(child, memo) for child in self.children]
        for child in twin.children:
            if isinstance(child, _NODES.Node):
                child.parent = twin
    return twin


class _Form(_CONDITION):  # type: ignore[misc]  # moto's own
    """Reads a condition up to its tree, with the names of values in the place of values."""

    def _lookup_expression_attribute_value(self, name: str) -> str:
        return name

    def _make_op_condition(self, node: Any) -> Any:
        return node


@lru_cache(_MOST_EXPRESSIONS)
def _form(
    expression: str, names: tuple[tuple[str, str], ...] | None
) -> tuple[Any, list[str], list[str]]:
    """Return the tree of a condition, and the attributes and the names of values in it."""
    form = _Form(expression, None if names is None else dict(names), None)
    return _parse_anew(form), form.expr_attr_names_found, form.expr_attr_values_found


def _parse_condition(self: Any) -> Any:
    """Put values into a tree that is read once; moto's own reads the words of each call anew."""
    if not self.condition_expression:
        return _parse_anew(self)
    names = self.expression_attribute_names
    given = None if names is None else tuple(sorted(names.items()))
    tree, names_found, values_found = _form(self.condition_expression, given)
    self.expr_attr_names_found.extend(names_found)
    self.expr_attr_values_found.extend(values_found)
    return self._make_op_condition(tree)


def _make_operand(self: Any, node: Any) -> Any:
    if node.kind == _CONDITION.Kind.EXPRESSION_ATTRIBUTE_VALUE:
        return comparisons.AttributeValue(self.expression_attribute_values[node.text])
    return _make_any_operand(self, node)


def speed_up() -> None:
    """Replace parts of moto's expressions in this process by the faster ones above."""
    _NODES.DepthFirstTraverser.traverse_node_recursively = _traverse
    _NODES.Node.find_clauses = _find_clauses
    _NODES.Node.__deepcopy__ = _copy_node
    # moto copies an expression before it changes it.
    _PARSER.make = lru_cache(_MOST_EXPRESSIONS)(_PARSER.make)
    _CONDITION.parse = _parse_condition
    _CONDITION._make_operand = _make_operand  # noqa: SLF001 -- moto's own
