"""What other tools write: small files in each tool's own format."""

import json
import struct
import zipfile
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from evalyard.importing import BadRow, CannotImport, Source
from evalyard.importing.tools import TOOLS, huggingface

QUESTION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2 + 2?"}]


@pytest.fixture
def opened(tmp_path):
    def opened(tool, name, content):
        path = tmp_path / name
        if isinstance(content, list):
            content = "\n".join(map(json.dumps, content))
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return TOOLS[tool](Source(path))

    return opened


def items(found):
    return [entry if isinstance(entry, BadRow) else entry.item for entry in found.items()]


def content(found):
    """Return input, expected output and metadata of each item."""
    return [(item["input"], item.get("expectedOutput"), item.get("metadata")) for item in items(found)]


def results(run):
    return [
        entry if isinstance(entry, BadRow) else (entry.item["key"], entry.trial, entry.outcome, dict(entry.scores))
        for entry in run.read()
    ]


# ------------------------------------------------------------------------------------------------------ OpenAI Evals


def test_samples_of_openai_evals(opened):
    found = opened(
        "openai-evals",
        "samples.jsonl",
        [
            {"input": QUESTION, "ideal": "4"},
            {"input": "3 + 3?", "ideal": ["6", "six"], "topic": "sums"},
            {"ideal": "x"},
        ],
    )
    *good, bad = items(found)
    assert [(item["input"], item["expectedOutput"], item["metadata"]) for item in good] == [
        (QUESTION, "4", None),
        ("3 + 3?", ["6", "six"], {"topic": "sums"}),
    ]
    assert bad == BadRow(3, "has no input", {"ideal": "x"})


def test_a_log_of_openai_evals(opened):
    def event(number, sample, kind, data):
        shared = {"run_id": "r1", "event_id": number, "created_by": "", "created_at": "2026-01-02 03:04:05+00:00"}
        return shared | {"sample_id": sample, "type": kind, "data": data}

    spec = {
        "completion_fns": ["gpt-x"],
        "eval_name": "sums.dev.v0",
        "base_eval": "sums",
        "split": "dev",
        "run_id": "r1",
    }
    [run] = opened(
        "openai-evals",
        "log.jsonl",
        [
            {"spec": spec},
            event(0, "sums.dev.0", "sampling", {"prompt": QUESTION, "sampled": ["4"]}),
            event(1, "sums.dev.1", "sampling", {"prompt": "3 + 3?", "sampled": ["7"]}),
            event(2, "sums.dev.0", "match", {"correct": True, "expected": "4", "picked": "4", "sampled": "4"}),
            event(3, "sums.dev.1", "match", {"correct": False, "expected": "6", "picked": None, "sampled": "7"}),
            event(4, "sums.dev.1", "metrics", {"f1": 0.25}),
            event(5, "sums.dev.2", "match", {"correct": False}),
            {"final_report": {"accuracy": 0.5}},
        ],
    )
    assert (run.name, run.metadata["run_id"]) == ("sums.dev.v0 gpt-x", "r1")
    *told, bad = results(run)
    assert told == [
        ("sums.dev.0", 1, {"output": "4"}, {"match": {"value": True, "explanation": "Picked: 4"}}),
        ("sums.dev.1", 1, {"output": "7"}, {"match": {"value": False}, "f1": {"value": 0.25}}),
    ]
    assert (bad.line, bad.reason) == (7, "begins the sample 'sums.dev.2', which has no prompt")
    assert content_of_run(run) == [(QUESTION, "4"), ("3 + 3?", "6")]
    assert run.scorers() == {"match": "evalyard/client_boolean", "f1": "evalyard/client_numeric"}


def content_of_run(run):
    entries = [entry for entry in run.items() if not isinstance(entry, BadRow)]
    return [(entry.item["input"], entry.item["expectedOutput"]) for entry in entries]


def hosted(number, given, said, *grades, error=None):
    return {
        "object": "eval.run.output_item",
        "id": f"outputitem_{number}",
        "created_at": 1_750_000_000,
        "run_id": "evalrun_1",
        "eval_id": "eval_1",
        "status": "pass",
        "datasource_item_id": number,
        "datasource_item": given,
        "results": [{"name": name, "sample": None, "passed": passed, "score": score} for name, passed, score in grades],
        "sample": {
            "input": [{"role": "user", "content": "?"}],
            "output": [{"role": "assistant", "content": said}] if said else [],
            "finish_reason": "stop",
            "model": "gpt-x",
            "usage": {"total_tokens": 12, "completion_tokens": 2, "prompt_tokens": 10, "cached_tokens": 0},
            "error": error,
        },
    }


@pytest.mark.parametrize("listed", [True, False])
def test_results_of_the_hosted_openai_evals(opened, listed):
    entries = [
        hosted(1, {"question": "2 + 2?", "answer": "4", "topic": "sums"}, "4", ("String check", True, 1.0)),
        hosted(2, {"question": "why?", "answer": "so"}, None, error={"code": "x", "message": "The model is away."}),
    ]
    page = json.dumps({"object": "list", "data": entries, "has_more": False})
    [run] = opened("openai-evals", "items.json" if listed else "items.jsonl", page if listed else entries)
    used = {"promptTokens": 10, "completionTokens": 2}
    assert results(run) == [
        ("1", 1, {"output": "4", **used}, {"String check": {"value": 1.0, "passed": True}}),
        ("2", 1, {"error": "The model is away.", **used}, {}),
    ]
    assert content_of_run(run) == [("2 + 2?", "4"), ("why?", "so")]
    assert run.metadata == {"eval_id": "eval_1", "run_id": "evalrun_1", "model": "gpt-x"}


def test_data_of_the_hosted_openai_evals(opened):
    rows = [
        {"item": {"ticket_text": "Help", "correct_label": "IT"}},
        {"item": {"ticket_text": "Pay", "correct_label": "HR"}},
    ]
    assert content(opened("openai-evals", "tickets.jsonl", rows)) == [
        ({"ticket_text": "Help", "correct_label": "IT"}, None, None),
        ({"ticket_text": "Pay", "correct_label": "HR"}, None, None),
    ]
    rows = [{"item": {"question": "2 + 2?", "answer": "4", "topic": "sums"}}]
    assert content(opened("openai-evals", "sums.jsonl", rows)) == [("2 + 2?", "4", {"topic": "sums"})]


# --------------------------------------------------------------------------------------------------------- promptfoo


def graded(provider, prompt, test, output, passed, *, error=None):
    check = {"type": "equals", "value": "4"}
    component = {"pass": passed, "score": float(passed), "reason": "Said so", "assertion": check}
    return {
        "cost": 0.001,
        "error": error,
        "gradingResult": {"pass": passed, "score": float(passed), "reason": "All", "componentResults": [component]},
        "id": "x",
        "latencyMs": 250,
        "namedScores": {"brevity": 0.5},
        "prompt": {"raw": f"Q: {test}", "label": "Q: {{question}}"},
        "promptIdx": prompt,
        "provider": {"id": provider, "label": ""},
        "response": {"output": output, "tokenUsage": {"total": 12, "prompt": 10, "completion": 2}},
        "score": float(passed),
        "success": passed,
        "testCase": {"vars": {"question": test}, "assert": [check], "description": "a sum"},
        "testIdx": 0,
        "vars": {"question": test},
        "failureReason": 0,
    }


def test_promptfoo(opened):
    entries = [
        graded("openai:x", 0, "2 + 2?", "4", True),
        graded("openai:y", 0, "2 + 2?", "5", False, error="Expected 5 to equal 4"),
        graded("openai:x", 0, "2 + 2?", None, False, error="Rate limited"),
    ]
    document = {
        "evalId": "eval-1",
        "results": {"version": 3, "timestamp": "2026-01-02T03:04:05Z", "prompts": [], "results": entries, "stats": {}},
        "config": {"description": "Sums"},
        "shareableUrl": None,
    }
    first, second = opened("promptfoo", "results.json", json.dumps(document))
    assert [(run.name, run.trials) for run in (first, second)] == [("Sums: openai:x", 2), ("Sums: openai:y", 1)]
    used = {"latencyMs": 250.0, "costUsd": 0.001, "promptTokens": 10, "completionTokens": 2}
    right, failed = results(first)
    assert right[1:] == (
        1,
        {"output": "4", **used},
        {
            "score": {"value": 1.0, "passed": True, "explanation": "All"},
            "equals": {"value": 1.0, "passed": True, "explanation": "Said so"},
            "brevity": {"value": 0.5},
        },
    )
    assert (failed[0], failed[1], failed[2]) == (right[0], 2, {"error": "Rate limited", **used})
    assert results(second)[0][2]["output"] == "5"
    assert content_of_run(first) == [({"question": "2 + 2?"}, "4")]


# -------------------------------------------------------------------------------------------------------- Inspect AI

INSPECT = {
    "version": 2,
    "status": "success",
    "eval": {"task": "sums", "model": "openai/x", "run_id": "r", "created": "c"},
}


def sample(number, epoch, said, score, **more):
    return {
        "id": number,
        "epoch": epoch,
        "input": "2 + 2?",
        "target": "4",
        "messages": [],
        "output": {
            "model": "x",
            "choices": [{"message": {"role": "assistant", "content": said}, "stop_reason": "stop"}],
        },
        "scores": {"match": score},
        "metadata": {"topic": "sums"},
        "model_usage": {"openai/x": {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}},
        "total_time": 0.5,
        **more,
    }


SAMPLES = [
    sample(1, 1, "4", {"value": "C", "answer": "4", "explanation": "Right."}),
    sample(1, 2, [{"type": "text", "text": "five"}], {"value": "I"}),
    sample("b", 1, "4", {"value": {"exact": 1, "near": True}}, error={"message": "Out of time", "traceback": ""}),
]


def zstd_zip(path, members):
    """Write an archive as Inspect does: Zstandard, which Python writes from 3.14 on."""
    with path.open("wb") as file:
        directory = b""
        for name, text in members.items():
            raw, at = text.encode(), file.tell()
            # Inspect begins a new frame now and then.
            packed = b"".join(zstandard.ZstdCompressor().compress(part) for part in (raw[:9], raw[9:]))
            shared = struct.pack("<HHHHHIIIHH", 63, 0, 93, 0, 33, zlib.crc32(raw), len(packed), len(raw), len(name), 0)
            file.write(b"PK\3\4" + shared + name.encode() + packed)
            directory += (
                b"PK\1\2" + struct.pack("<H", 63) + shared + struct.pack("<HHHII", 0, 0, 0, 0, at) + name.encode()
            )
        begin = file.tell()
        end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), begin, 0)
        file.write(directory + b"PK\5\6" + end)


@pytest.mark.parametrize("kind", ["json", "deflated", "zstandard"])
def test_inspect(tmp_path, kind):
    members = {f"samples/{entry['id']}_epoch_{entry['epoch']}.json": json.dumps(entry) for entry in SAMPLES}
    members = {"_journal/start.json": json.dumps(INSPECT), **members, "header.json": json.dumps(INSPECT)}
    path = tmp_path / ("log.json" if kind == "json" else "log.eval")
    if kind == "json":
        path.write_text(json.dumps({**INSPECT, "samples": SAMPLES}))
    elif kind == "zstandard":
        zstd_zip(path, members)
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in members.items():
                archive.writestr(name, text)
    [run] = TOOLS["inspect"](Source(path))
    used = {"latencyMs": 500.0, "promptTokens": 10, "completionTokens": 2}
    right = {"value": 1.0, "passed": True, "explanation": "Right.", "metadata": {"answer": "4"}}
    assert results(run) == [
        ("1", 1, {"output": "4", **used}, {"match": right}),
        ("1", 2, {"output": "five", **used}, {"match": {"value": 0.0, "passed": False}}),
        ("b", 1, {"error": "Out of time", **used}, {"match.exact": {"value": 1}, "match.near": {"value": True}}),
    ]
    assert (run.name, run.trials, run.metadata["status"]) == ("sums openai/x", 2, "success")
    assert content_of_run(run) == [("2 + 2?", "4"), ("2 + 2?", "4")]


# ---------------------------------------------------------------------------------------------- Phoenix and Langfuse


def test_phoenix(opened):
    expected = [({"question": "2 + 2?"}, {"answer": "4"}, {"splits": ["train"]})]
    row = {"id": "e1", "node_id": "RGF0", "input": {"question": "2 + 2?"}, "output": {"answer": "4"}, "metadata": {}}
    csv = 'id,node_id,input.question,output.answer,splits\ne1,RGF0,2 + 2?,4,"[""train""]"\n'
    found = opened("phoenix", "a.csv", csv)
    assert (content(found), items(found)[0]["key"]) == (expected, "e1")
    assert content(opened("phoenix", "a.jsonl", [{**row, "splits": ["train"]}])) == expected
    before = opened("phoenix", "b.csv", "example_id,input_question,output_answer,metadata_by\ne1,2 + 2?,4,Ada\n")
    assert content(before) == [({"question": "2 + 2?"}, {"answer": "4"}, {"by": "Ada"})]
    answer = {"data": {"dataset_id": "d", "version_id": "v", "examples": [row, {"id": "e2", "output": {}}]}}
    first, second = items(opened("phoenix", "a.json", json.dumps(answer)))
    assert (first["key"], second.reason) == ("e1", "has no input")
    evals = opened("phoenix", "evals.jsonl", [{"messages": QUESTION, "ideal": "4"}])
    assert content(evals) == [(QUESTION, "4", None)]


def test_langfuse(opened):
    item = {
        "id": "i1",
        "status": "ACTIVE",
        "input": {"question": "2 + 2?"},
        "expectedOutput": "4",
        "metadata": {"by": "Ada"},
        "sourceTraceId": "t1",
        "sourceObservationId": None,
        "createdAt": "2026-01-02T03:04:05Z",
    }
    archived = {**item, "id": "i2", "status": "ARCHIVED", "sourceTraceId": None}
    expected = ({"question": "2 + 2?"}, "4", {"by": "Ada", "langfuse": {"sourceTraceId": "t1"}})
    for name, text in (
        ("a.jsonl", [item, archived]),
        ("a.json", json.dumps([item, archived])),
        ("api.json", json.dumps({"data": [item, archived], "meta": {"page": 1, "limit": 50, "totalItems": 2}})),
    ):
        found = opened("langfuse", name, text)
        assert content(found)[0] == expected
        assert [(entry["key"], entry["tags"]) for entry in items(found)] == [("i1", []), ("i2", ["archived"])]
    head = "id,input,expectedOutput,metadata,sourceTraceId,sourceObservationId,status,createdAt\n"
    csv = head + 'i1,"{""question"":""2 + 2?""}","4","{""by"":""Ada""}",t1,,ACTIVE,2026\n'
    assert content(opened("langfuse", "a.csv", csv)) == [expected]


# ------------------------------------------------------------------------------------------------------ Hugging Face


def test_a_folder_of_hugging_face_by_its_readme(tmp_path):
    (tmp_path / "main").mkdir()
    for split, question in (("train", "2 + 2?"), ("test", "3 + 3?")):
        table = pa.table({"question": [question, None], "answer": ["4", "?"]})
        pq.write_table(table, tmp_path / "main" / f"{split}-00000-of-00001.parquet")
    (tmp_path / "notes.jsonl").write_text('{"question": "no", "answer": "no"}')
    (tmp_path / "README.md").write_text(
        "---\nlicense: mit\nconfigs:\n- config_name: main\n  data_files:\n  - split: train\n    path: main/train-*\n"
        "  - split: test\n    path: main/test-*\n---\n# Sums\n"
    )
    found = items(huggingface.open_folder(tmp_path))
    assert [(item["input"], item["tags"]) for item in found if isinstance(item, dict)] == [
        ("2 + 2?", ["train"]),
        ("3 + 3?", ["test"]),
    ]
    assert [(bad.line, bad.reason) for bad in found if isinstance(bad, BadRow)] == [
        (2, "has no input"),
        (4, "has no input"),
    ]
    assert len(items(huggingface.open_folder(tmp_path, config="main", split="test"))) == 2
    with pytest.raises(CannotImport, match="has no configuration 'other'; it has: main"):
        huggingface.open_folder(tmp_path, config="other")


def test_a_folder_of_hugging_face_by_its_names_and_one_that_was_saved(tmp_path):
    (tmp_path / "test.csv").write_text("question,answer\n2 + 2?,4\n")
    (tmp_path / "dev.jsonl").write_text('{"question": "3 + 3?", "answer": "6"}\n')
    found = huggingface.open_folder(tmp_path)
    assert [(item["input"], item["tags"]) for item in items(found)] == [
        ("3 + 3?", ["validation"]),
        ("2 + 2?", ["test"]),
    ]
    saved = tmp_path / "saved" / "train"
    saved.mkdir(parents=True)
    table = pa.table({"question": ["2 + 2?"], "answer": ["4"]})
    with pa.OSFile(str(saved / "data-00000-of-00001.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as to:
        to.write_table(table)
    (saved / "dataset_info.json").write_text("{}")
    (saved / "state.json").write_text("{}")
    assert content(huggingface.open_folder(tmp_path / "saved")) == [("2 + 2?", "4", None)]
    with pytest.raises(CannotImport, match="has no data of the split 'lost'"):
        huggingface.open_folder(tmp_path, split="lost")


@pytest.mark.parametrize("tool", TOOLS)
def test_a_file_of_something_else_is_refused_with_a_sentence(opened, tool):
    with pytest.raises(CannotImport, match=r"\.json"):
        opened(tool, "a.json", "{}")
