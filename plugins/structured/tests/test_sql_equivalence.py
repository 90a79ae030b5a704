import pytest
from pydantic import ValidationError

from evalyard import EvaluationError, Skip
from evalyard_structured import SqlEquivalence, SqlEquivalenceConfig

TABLES = {"t": {"a": "int", "b": "text"}, "u": {"id": "int", "a": "int"}}


def _score(output, expected, **config):
    return SqlEquivalence(SqlEquivalenceConfig(**config)).evaluate(output=output, expected=expected)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("SELECT t.a, B FROM T AS t WHERE 1 = A AND 2 = t.b", "select a, b from t where b=2 and a = 1"),
        ("SELECT x.a FROM t x", "select a from t"),
        ("select * from t x where 1=1", "SELECT * FROM t"),
        ("```sql\nselect a -- the answer\nfrom t;\n```", "select a from t"),
        ("select a from (select a from t where a > 1) s", "with s as (select a from t where a > 1) select a from s"),
        ("select a from t where not (a > 1 or b < 2)", "select a from t where b >= 2 and a <= 1"),
        ("select a from t where a between 1 and 3", "select a from t where a <= 3 and a >= 1"),
        ("select a from t group by 1", "select t.a from t group by t.a"),
        (
            "select a, sum(b) s from t group by a having sum(b) > 1 order by s desc limit 3",
            "SELECT x.a, SUM(x.b) AS s FROM t x GROUP BY 1 HAVING SUM(x.b) > 1 ORDER BY s DESC LIMIT 3",
        ),
        ("select a from t union select b from u", "select t.a from t union select u.b from u"),
        ("delete from t where a=1 and b=2", "DELETE FROM t WHERE b=2 AND a=1"),
        ("select 1; select 2;", "select 1; select 2"),
    ],
)
def test_equivalent_statements_pass(output, expected):
    score = _score(output, expected)
    assert score.explanation == "The output is equivalent to the expected SQL."
    assert score.value is True
    assert _score(expected, output).value is True


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("select a from t", "select b from t"),
        ("select a, b from t", "select b, a from t"),
        ("select a from t", "select distinct a from t"),
        ("select a from t limit 1", "select a from t"),
        ("select a from t order by a", "select a from t order by a desc"),
        ("select a from t where a > 1", "select a from t where a >= 1"),
        ("select a from t where x = 'A'", "select a from t where x = 'a'"),
        ("select a from t where a = 1 or b = 2 and c = 3", "select a from t where (a = 1 or b = 2) and c = 3"),
        ("select a from t left join u on t.id = u.id", "select a from t join u on t.id = u.id"),
        ("select t.a from t, t as s", "select s.a from t, t as s"),
        ("select a as x from t", "select a from t"),
        ("select a + 1 as b from t group by b", "select a + 1 as b from t group by t.b"),
        ("select a from t where exists (select 1 from u where k = 1)",
         "select a from t where exists (select 1 from u where t.k = 1)"),
        ("delete from t where a = 1", "delete from t"),
        ("select 1", "select 1; select 2"),
    ],
)  # fmt: skip
def test_different_statements_fail(output, expected):
    assert _score(output, expected).value is False
    assert _score(expected, output).value is False


def test_the_readme_of_sqlglot_is_equivalent_to_its_optimized_form():
    """Section "SQL Optimizer" of sqlglot's README."""
    tables = {"x": {"A": "INT", "B": "INT", "C": "INT", "D": "INT", "Z": "STRING"}}
    written = "SELECT A OR (B OR (C AND D)) FROM x WHERE Z = date '2021-01-01' + INTERVAL '1' month OR 1 = 0"
    optimized = """
        SELECT
          ("x"."a" <> 0 OR "x"."b" <> 0 OR "x"."c" <> 0) AND ("x"."a" <> 0 OR "x"."b" <> 0 OR "x"."d" <> 0) AS "_col_0"
        FROM "x" AS "x"
        WHERE CAST("x"."z" AS DATE) = CAST('2021-02-01' AS DATE)
    """
    assert _score(written, optimized, tables=tables).value is True
    assert _score(written.replace("2021-01", "2021-03"), optimized, tables=tables).value is False


def test_with_tables_stars_and_joins_can_be_compared():
    assert _score("select * from t", "select a, b from t").value is False
    assert _score("select * from t", "select a, b from t", tables=TABLES).value is True
    joined = "select id from t, u where t.a = u.a"
    assert _score(joined, "select u.id from t join u on u.a = t.a").value is False
    assert _score(joined, "select u.id from t join u on u.a = t.a", tables=TABLES).value is True


def test_what_does_not_fit_the_tables_fails_or_is_the_records_fault():
    score = _score("select c from t", "select a from t", tables=TABLES)
    assert (score.value, score.explanation) == (False, "The output does not fit the tables: Unknown column: c.")
    with pytest.raises(EvaluationError, match="The expected SQL does not fit the tables: Unknown column: c"):
        _score("select a from t", "select c from t", tables=TABLES)


def test_the_dialect_decides_what_is_quoted_and_which_case_counts():
    assert _score("select `a` from t", "select a from t", dialect="mysql").value is True
    assert _score('select "A" from t', "select a from t", dialect="postgres").value is False
    assert _score('select "A" from t', "select a from t", dialect="snowflake").value is True


def test_names_of_columns_can_be_left_out_but_not_what_they_are_ordered_by():
    output, expected = "select a as x from t order by x", "select a from t order by a"
    assert _score(output, expected).value is False
    assert _score(output, expected, ignore_column_names=True).value is True
    swapped = "select a as y, b as x from t order by x"
    assert _score("select a as x, b as y from t order by x", swapped, ignore_column_names=True).value is False


@pytest.mark.parametrize(
    ("output", "explanation"),
    [
        (None, "The system gave no output."),
        ("select a from", "The output is no SQL: Expected table name, at line 1, column 13."),
        ("selec a", "The output is no SQL: it is an expression, and no statement."),
        ("Sorry", "The output is no SQL: it is an expression, and no statement."),
        ("", "The output is no SQL: it holds no statement."),
        ("-- nothing", "The output is no SQL: it holds no statement."),
        ("select 'a", "The output is no SQL: Error tokenizing"),
        ("select " + "(" * 4_000 + "1", "The output is no SQL: it is nested too deep."),
        (18, "The output is no SQL: it is an expression, and no statement."),
        ({"sql": "select 1"}, "The output is no SQL: "),
        ("\x00\ud800", "The output is no SQL: "),
        ("select 1; select 2", "The numbers of statements differ: 2, and expected were 1."),
    ],
)
def test_what_is_no_sql_fails_with_the_reason(output, explanation):
    score = _score(output, "select a from t")
    assert score.value is False
    assert score.explanation.startswith(explanation)


def test_a_difference_shows_both_sides():
    assert _score("select x.a from t x", "select b from t").explanation == (
        'The output comes to SELECT "_0"."a" AS "a" FROM "t" AS "_0", and expected was '
        'SELECT "_0"."b" AS "b" FROM "t" AS "_0".'
    )


def test_an_expected_output_that_is_no_sql_is_an_error_and_none_is_skipped():
    with pytest.raises(EvaluationError, match=r"The expected output is no SQL: Expected table name.+ Correct it"):
        _score("select 1", "select a from")
    with pytest.raises(Skip, match="no expected output"):
        _score("select 1", None)


def test_sql_that_would_take_minutes_is_refused():
    with pytest.raises(EvaluationError, match="The SQL has 20,000 characters; up to 10,000 are compared"):
        _score("x" * 20_000, "select 1")


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"dialect": "klingon"}, ("dialect",)),
        ({"tables": {"t": ["a"]}}, ("tables", "t")),
        ({"tables": {"t": {"a": "no type("}}}, ()),
        ({"ignore_column_names": "perhaps"}, ("ignore_column_names",)),
    ],
)
def test_a_wrong_config_names_its_field(config, place):
    with pytest.raises(ValidationError) as caught:
        SqlEquivalenceConfig.model_validate(config)
    assert [error["loc"] for error in caught.value.errors()] == [place]
