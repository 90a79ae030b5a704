"""From rows to items: the mapping, the guess, the keys, and what is no item."""

import pytest

from evalyard.importing import BadRow, CannotImport, ColumnMapping, NumberedItem, Row, Table, read_mapping
from evalyard.importing._items import read_items
from evalyard.importing._mapping import guess


@pytest.mark.parametrize(
    ("columns", "guessed"),
    [
        ("question answer source", "input=question expected_output=answer"),
        ("Prompt Expected-Output ID", "input=Prompt expected_output=Expected-Output key=ID"),
        ("text label", "input=text expected_output=label"),
        ("input output question", "input=input expected_output=output"),
        ("messages ideal tags meta", "input=messages expected_output=ideal tags=tags metadata=meta"),
        (
            "input.q input.lang output.a metadata.by",
            "input.q=input.q input.lang=input.lang expected_output.a=output.a metadata.by=metadata.by",
        ),
        ("a b", ""),
    ],
)
def test_columns_are_guessed_by_their_names(columns, guessed):
    assert guess([Row(1, dict.fromkeys(columns.split(), "x"))]) == read_mapping(guessed.split())


def test_the_places_of_an_item():
    mapping = read_mapping(["input.q=question", "input.who=user.name", "expected_output=answers.0", "metadata.src=src"])
    fields = {"question": "why", "user": {"name": "Ada"}, "answers": ["so", "or"], "src": 1, "tags": "a, b,", "id": 7}
    assert ColumnMapping(mapping | {"tags": "tags", "key": "id"}).item(Row(1, fields)) == {
        "input": {"q": "why", "who": "Ada"},
        "expectedOutput": "so",
        "metadata": {"src": 1},
        "tags": ["a", "b"],
        "key": "7",
    }


def test_other_columns_are_metadata_where_that_is_said():
    mapping = ColumnMapping({"input": "q", "metadata": "meta"}, others=True)
    assert mapping.item(Row(1, {"q": 1, "meta": {"a": 1}, "b": 2, "c": None}))["metadata"] == {"a": 1, "b": 2}
    assert mapping.item(Row(1, {"q": 1, "meta": "x", "b": 2}))["metadata"] == {"b": 2, "metadata": "x"}
    assert mapping.item(Row(1, {"q": 1}))["metadata"] is None


def test_cells_that_are_json_are_read_as_such_unless_they_are_to_stay_text(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('input,expected\n"{""a"": [1]}",42\n"[1, ",\n{braces},x\n')
    items = Table.open(path).preview()
    assert [entry["input"] for entry in items] == [{"a": [1]}, "[1, ", "{braces}"]
    assert [entry["expectedOutput"] for entry in items] == ["42", None, "x"]
    assert Table.open(path, as_text=True).preview(1)[0]["input"] == '{"a": [1]}'


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"q": None, "id": 1}, "has no input"),
        ({"q": "", "id": 1}, "has no input"),
        ({"id": 1}, "has no input"),
        ({"q": 1}, "has no id in the column that is mapped to key"),
        ({"q": 1, "id": [1]}, "has no id in the column that is mapped to key"),
        ({"q": 1, "id": 2, "tags": [1]}, "has tags that are neither a list of texts nor a text with commas"),
    ],
)
def test_a_row_that_is_no_item_says_why(fields, reason):
    mapping = ColumnMapping({"input": "q", "key": "id", "tags": "tags"})
    assert list(read_items([Row(9, fields)], mapping.item)) == [BadRow(9, reason, fields)]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["input"], "is not PLACE=COLUMN"),
        (["input=a", "input=b"], "is given twice"),
        (["inputs=a"], "'inputs' is no part of an item"),
        (["tags.x=a"], r"'tags.x' is no part of an item"),
        (["input=a", "input.b=b"], r"Map input or input.b, not both."),
        (["expected_output=a"], "Say which column is the input"),
        (["input=nowhere"], "The file has no column 'nowhere'; it has: a, b."),
        ([], "Say which column is the input: --map input=COLUMN."),
    ],
)
def test_a_mapping_that_is_none_is_refused(tmp_path, given, sentence):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(CannotImport, match=sentence):
        Table.open(path, columns=read_mapping(given))


def test_columns_that_are_not_mapped_are_named(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"q": {"a": 1}, "b": 2}\n{"q": {"a": 1}, "c": 2}\n')
    table = Table.open(path, columns={"input": "q.a"})
    assert (table.left_out, table.guessed) == (["b", "c"], False)
    assert Table.open(path, columns={"input": "q.a"}, id_column="b").mapping.columns == {"input": "q.a", "key": "b"}


def test_keys_are_the_ids_or_tell_the_content():
    mapping = ColumnMapping({"input": "q"})
    rows = [Row(line, {"q": q}) for line, q in enumerate(["a", "b", "a", "a"], 2)]
    keys = [[entry.item["key"] for entry in read_items(rows, mapping.item)] for _ in range(2)]
    first, second, *others = keys[0]
    assert others == [f"{first} (2)", f"{first} (3)"]
    assert first != second
    assert keys[1] == keys[0]


def test_an_id_that_comes_again_is_rejected():
    mapping = ColumnMapping({"input": "q", "key": "id"})
    first, second = read_items([Row(2, {"q": 1, "id": "x"}), Row(3, {"q": 2, "id": "x"})], mapping.item)
    assert isinstance(first, NumberedItem)
    assert second == BadRow(3, "has the id 'x', which line 2 has already", {"q": 2, "id": "x"})
