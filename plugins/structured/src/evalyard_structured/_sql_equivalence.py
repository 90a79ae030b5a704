"""Equivalence of SQL."""

from contextlib import suppress
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, model_validator
from sqlglot import exp
from sqlglot.dialects.dialect import Dialects
from sqlglot.errors import OptimizeError

from evalyard import Config, EvaluationError, Evaluator, Score, ScoreType, Skip, Variable
from evalyard.values import NO_OUTPUT, NO_REFERENCE, as_text
from evalyard_structured._documents import without_fence
from evalyard_structured._sql import (
    NotSqlError,
    check_types,
    full_form,
    light_form,
    read_statements,
    rename_outputs,
)

_DIALECTS: Final = [dialect.value for dialect in Dialects]
_LONGEST_SHOWN: Final = 300
#: Normalising takes time that grows with the cube of the number of conditions: seconds at this length.
_LONGEST: Final = 10_000


def _check_dialect(dialect: str) -> str:
    if dialect not in _DIALECTS:
        raise ValueError(f"{dialect!r} is not known; known are {', '.join(filter(None, _DIALECTS))}")
    return dialect


class SqlEquivalenceConfig(Config):
    """How SQL is read and compared."""

    dialect: Annotated[str, AfterValidator(_check_dialect)] = Field(
        "",
        description="The dialect, for instance postgres; empty for sqlglot's own, which reads most of them.",
        json_schema_extra={"enum": [*_DIALECTS]},
    )
    tables: dict[str, dict[str, str]] = Field(
        {},
        description=(
            "The tables, each with its columns and their types. With them, * and columns of joins can be compared, and "
            "a column that is not there fails."
        ),
    )
    ignore_column_names: bool = Field(False, description="Whether the names of the result's columns do not count.")

    @model_validator(mode="after")
    def _check_tables(self) -> Self:
        for columns in self.tables.values():
            check_types(columns.values(), self.dialect)
        return self


class SqlEquivalence(Evaluator[SqlEquivalenceConfig]):
    """Check that the output is SQL equivalent to the expected SQL.

    Both are parsed, normalised and optimised by sqlglot, and what comes out is compared: the spelling of keywords and
    identifiers, table aliases, the order of conditions, subqueries that can be merged and the like do not count. That
    is sound and not complete: what passes is equivalent, and some of what fails may be so too. Nothing is executed.
    """

    score_type = ScoreType.BOOLEAN

    def evaluate(
        self,
        *,
        output: Annotated[Any, Variable("The SQL that the system wrote, also within a Markdown code block.")],
        expected: Annotated[
            Any, Variable("The SQL that it should have written."), Field(examples=["SELECT a FROM t WHERE b > 1"])
        ],
    ) -> Score:
        """Compare statement by statement."""
        if expected is None:
            raise Skip(NO_REFERENCE)
        if output is None:
            return Score(False, explanation=NO_OUTPUT)
        wanted = self._read_expected(as_text(expected))
        try:
            given = self._read(as_text(output))
        except NotSqlError as error:
            return Score(False, explanation=f"The output is no SQL: {error}.")
        if len(given) != len(wanted):
            return Score(
                False, explanation=f"The numbers of statements differ: {len(given)}, and expected were {len(wanted)}."
            )
        return self._compare(given, wanted)

    def _read(self, text: str) -> list[exp.Expr]:
        if len(text) > _LONGEST:
            raise EvaluationError(f"The SQL has {len(text):,} characters; up to {_LONGEST:,} are compared.")
        return read_statements(without_fence(text), self.config.dialect)

    def _read_expected(self, text: str) -> list[exp.Expr]:
        try:
            return self._read(text)
        except NotSqlError as error:
            raise EvaluationError(f"The expected output is no SQL: {error}. Correct it, or the mapping.") from error

    def _compare(self, given: list[exp.Expr], wanted: list[exp.Expr]) -> Score:
        for one, other in zip(given, wanted, strict=True):
            try:
                problem = self._difference(one, other)
            except RecursionError as error:
                raise EvaluationError("The SQL is nested too deep to be compared.") from error
            if problem is not None:
                return Score(False, explanation=problem)
        return Score(True, explanation="The output is equivalent to the expected SQL.")

    def _difference(self, given: exp.Expr, wanted: exp.Expr) -> str | None:
        """Return how two statements differ, None where they are equivalent."""
        if self.config.tables:
            return self._difference_over_tables(given, wanted)
        pair = self._light(given), self._light(wanted)
        if pair[0] != pair[1]:
            # What can't be told without the tables leaves the lighter forms, which have just been found to differ.
            with suppress(OptimizeError):
                pair = self._full(given), self._full(wanted)
        return None if pair[0] == pair[1] else _tell(*pair)

    def _difference_over_tables(self, given: exp.Expr, wanted: exp.Expr) -> str | None:
        try:
            wanted_form = self._full(wanted)
        except OptimizeError as error:
            raise EvaluationError(f"The expected SQL does not fit the tables: {_first_line(error)}.") from error
        try:
            given_form = self._full(given)
        except OptimizeError as error:
            return f"The output does not fit the tables: {_first_line(error)}."
        return None if given_form == wanted_form else _tell(given_form, wanted_form)

    def _light(self, statement: exp.Expr) -> str:
        return self._written(light_form(statement, self.config.dialect))

    def _full(self, statement: exp.Expr) -> str:
        return self._written(full_form(statement, self.config.dialect, self.config.tables))

    def _written(self, statement: exp.Expr) -> str:
        """Write a form in its dialect: trees of one text may differ in what says nothing."""
        named = rename_outputs(statement) if self.config.ignore_column_names else statement
        return named.sql(dialect=self.config.dialect, comments=False)


def _first_line(error: OptimizeError) -> str:
    return str(error).partition("\n")[0].partition(" Line: ")[0].rstrip(".")


def _tell(given: str, wanted: str) -> str:
    return f"The output comes to {_shorten(given)}, and expected was {_shorten(wanted)}."


def _shorten(sql: str) -> str:
    half = _LONGEST_SHOWN // 2
    return sql if len(sql) <= _LONGEST_SHOWN else f"{sql[:half]} … {sql[-half:]}"
