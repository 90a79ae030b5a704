"""Reading SQL, and bringing statements into forms in which equal ones look alike."""

from collections.abc import Iterable, Mapping
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer import optimize
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.canonicalize import canonicalize
from sqlglot.optimizer.normalize import normalize
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, ScopeType, traverse_scope
from sqlglot.optimizer.simplify import simplify

#: Columns of these can only come from their own sources, never from those of a statement around them.
_CLOSED: Final = frozenset({ScopeType.ROOT, ScopeType.CTE, ScopeType.DERIVED_TABLE, ScopeType.SET_OPERATION})

#: What needs to know nothing of the tables.
_LIGHT_RULES: Final = (normalize, annotate_types, canonicalize, simplify)

Tables = Mapping[str, Mapping[str, str]]


class NotSqlError(Exception):
    """A text is no SQL; the message says why."""


def read_statements(text: str, dialect: str) -> list[exp.Expr]:
    """Parse the statements of a text; raises NotSqlError."""
    try:
        statements = [statement for statement in sqlglot.parse(text, dialect=dialect) if statement is not None]
    except SqlglotError as error:
        raise NotSqlError(_explain(error)) from error
    except RecursionError as error:
        raise NotSqlError("it is nested too deep") from error
    if not statements:
        raise NotSqlError("it holds no statement")
    for statement in statements:
        # sqlglot reads any expression: `Sorry` is a column, and `I can't` nearly one.
        if isinstance(statement, exp.Condition | exp.Alias) and not isinstance(statement, exp.Query):
            raise NotSqlError("it is an expression, and no statement")
    return statements


def light_form(statement: exp.Expr, dialect: str) -> exp.Expr:
    """Return a statement with its identifiers, table aliases and conditions in one order and spelling."""
    qualified = qualify(
        statement.copy(),
        dialect=dialect,
        qualify_columns=False,
        validate_qualify_columns=False,
        canonicalize_table_aliases=True,
    )
    for scope in traverse_scope(qualified):
        _qualify_columns_of_lone_source(scope)
    return optimize(qualified, dialect=dialect, rules=_LIGHT_RULES)


def full_form(statement: exp.Expr, dialect: str, tables: Tables) -> exp.Expr:
    """Return a statement as sqlglot's optimizer leaves it: with its columns resolved and its subqueries merged.

    Raises OptimizeError for a column that the tables don't have, and, where none are given, for what can't be told
    without them, such as what `*` stands for.
    """
    return optimize(
        light_form(statement, dialect),
        schema={table: dict(columns) for table, columns in tables.items()} or None,
        dialect=dialect,
        validate_qualify_columns=bool(tables),
        canonicalize_table_aliases=True,
    )


def rename_outputs(statement: exp.Expr) -> exp.Expr:
    """Name the columns of a query's result by their places, also where it is ordered by them."""
    if not isinstance(statement, exp.Select):
        return statement
    renamed = statement.copy()
    names = {column.alias_or_name: f"_c{place}" for place, column in enumerate(renamed.selects)}
    outputs = [exp.alias_(column.unalias(), f"_c{place}") for place, column in enumerate(renamed.selects)]
    renamed.set("expressions", outputs)
    for order in renamed.find_all(exp.Order):
        for column in order.find_all(exp.Column):
            if order.parent is renamed and not column.table and column.name in names:
                column.set("this", exp.to_identifier(names[column.name]))
    return renamed


def check_types(types: Iterable[str], dialect: str) -> None:
    """Raise ValueError for what is no column type of the dialect."""
    for name in types:
        try:
            exp.DataType.build(name, dialect=dialect)
        except (ParseError, ValueError) as error:
            raise ValueError(f"{name!r} is no type of a column") from error


def _qualify_columns_of_lone_source(scope: Scope) -> None:
    """Let `a` be `t.a` where `t` is all that there is to take it from."""
    if scope.scope_type not in _CLOSED or len(scope.sources) != 1:
        return
    (source,) = scope.sources
    outputs = {column.alias for column in _selects(scope.expression) if _renames(column)}
    for column in scope.find_all(exp.Column):
        # The name of an output may stand for that output, or for a column, as the clause and the dialect have it.
        if not column.table and column.name not in outputs and not _orders_by(column, scope.expression):
            column.set("table", exp.to_identifier(source, quoted=True))


def _orders_by(column: exp.Column, expression: exp.Expr) -> bool:
    """Tell whether a column stands by itself in ORDER BY, where it is the output of that name if there is one."""
    ordered = column.parent
    names = expression.named_selects if isinstance(expression, exp.Query) else []
    return isinstance(ordered, exp.Ordered) and isinstance(ordered.parent, exp.Order) and column.name in names


def _selects(expression: exp.Expr) -> list[exp.Expr]:
    return expression.selects if isinstance(expression, exp.Select) else []


def _renames(output: exp.Expr) -> bool:
    return isinstance(output, exp.Alias) and not (
        isinstance(output.this, exp.Column) and output.this.name == output.alias
    )


def _explain(error: SqlglotError) -> str:
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        # What follows is the repr of a token of the library's own.
        description = str(first["description"]).partition(" but got <Token")[0].rstrip(".")
        return f"{description}, at line {first['line']}, column {first['col']}"
    return str(error).partition("\n")[0].rstrip(".")
