"""`leftfold vectors` from corpus to answers, and its refusals in one line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from leftfold.cli import main
from leftfold.vectors import WordVectors


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(["vectors", *map(str, arguments)])
    captured = capsys.readouterr()
    code = exit_.value.code
    assert isinstance(code, int)
    return code, captured.out, captured.err


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


WORDS = ["man", "woman", "king", "queen", "men", "women", "new", "york", "zero"]
MATRIX = np.array(
    [
        [1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0], [1, 0, 0, 1], [1, 1, 0, 1],
        [0, 0, -1, 1], [0, -1, 0, 1], [-1, -1, -1, -1],
    ],
    np.float32,
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return WordVectors(WORDS, MATRIX).save(tmp_path / "small.txt")


def test_near_answers_words_and_phrases(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "near", file, "king", "new york", "--count", 2, "--format", "csv")
    assert code == 0
    rows = table(out)
    assert [row["word"] for row in rows] == ["king", "king", "new york", "new york"]
    assert rows[0]["near"] == "queen" and float(rows[0]["cosine"]) > 0.8
    assert {row["near"] for row in rows[2:]}.isdisjoint({"new", "york"})
    code, out, _ = run(capsys, "near", file, "king", "--metric", "euclidean", "--format", "jsonl")
    first = json.loads(out.splitlines()[0])
    assert code == 0 and first["distance"] == 1.0


def test_analogy_and_odd_and_direction(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "analogy", file, "man", "king", "woman", "--format", "csv")
    assert code == 0 and table(out)[0]["answer"] == "queen"
    code, out, _ = run(
        capsys, "analogy", file, "man", "men", "woman", "--rule", "multiply", "--format", "csv"
    )
    assert code == 0 and table(out)[0]["answer"] == "women"
    code, out, _ = run(capsys, "odd", file, "man", "king", "zero", "--format", "csv")
    assert code == 0 and table(out)[0]["word"] == "zero"
    code, out, err = run(
        capsys, "direction", file, "man:woman", "king:queen", "men:women", "a:b",
        "--word", "queen", "--format", "csv",
    )  # fmt: skip
    assert code == 0
    assert "no vector for both of a and b" in err and "3 pairs: offsets agree" in err
    assert [row["word"] for row in table(out)] == ["man", "king", "men", "queen"]


@pytest.mark.parametrize("name", ["map.html", "map.png"])
def test_map_writes_a_file(
    name: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "map", file, "king", "--near", 4, "-o", tmp_path / name)
    assert code == 0 and "5 tokens around king (PCA" in err
    assert (tmp_path / name).stat().st_size > 1000


def test_convert_and_info(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "small.bin"
    code, _, err = run(capsys, "convert", file, target, "--most", 5)
    assert code == 0 and "5 vectors of 4 dimensions" in err
    assert WordVectors.load(target).tokens == WORDS[:5]
    code, _, err = run(capsys, "convert", file, target)
    assert code == 2 and "exists; --force replaces it" in err
    code, out, _ = run(capsys, "info", target, "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["vectors"], found["dimensions"], found["format"]) == (5, 4, "word2vec-binary")
    code, out, _ = run(capsys, "info", file)
    assert code == 0 and "rows of zeros" in out


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("the cat sat on the mat\nthe dog sat on the rug\n" * 20, encoding="utf-8")
    return path


def test_train_makes_vectors_and_tells_losses(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gensim")
    target = tmp_path / "made.vec"
    code, _, err = run(
        capsys, "train", corpus, "--method", "cbow", "--dimensions", 6, "--min-count", 1,
        "--epochs", 2, "--threads", 1, "--set", "negatives=3", "-o", target,
    )  # fmt: skip
    assert code == 0
    assert "40 texts, 240 tokens, 7 different" in err
    assert "epoch 1 of 2: loss" in err and "epoch 2 of 2: loss" in err
    assert WordVectors.load(target).matrix.shape == (7, 6)


def test_train_makes_sparse_features_and_tells_collisions(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    target = tmp_path / "hashed.npz"
    code, _, err = run(
        capsys, "train", corpus, "--method", "hashed-one-hot", "--set", "size=4", "-o", target
    )
    assert code == 0 and "of 7 words share one of 4 columns" in err
    assert sparse.load_npz(target).shape == (40, 4)


def test_evaluate_judges_files(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "q.txt").write_text(
        ": family\nman woman king queen\n: plural\nman men king kings\n"
    )
    (tmp_path / "pairs.csv").write_text("man,woman,9\nman,king,8\nman,zero,1\nking,queen,9\n")
    arguments = ["--analogies", tmp_path / "q.txt", "--similarity", tmp_path / "pairs.csv"]
    code, out, _ = run(capsys, "evaluate", file, *arguments, "--format", "csv")
    (row,) = table(out)
    assert code == 0
    assert float(row["analogies"]) == 1 and row["analogies known"] == "1"
    assert float(row["pairs"]) > 0.5 and row["pairs known"] == "4"
    code, out, _ = run(capsys, "evaluate", file, *arguments, "--sections", "--format", "csv")
    assert [row["section"] for row in table(out)] == ["family", "plural", "all"]


def test_evaluate_compares_methods_and_probes(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gensim")
    rows = ["text,label"] + [f"the {word} sat,{word}" for word in ("cat", "dog")] * 10
    (tmp_path / "labelled.csv").write_text("\n".join(rows))
    code, out, err = run(
        capsys, "evaluate", "--corpus", corpus, "--methods", "cbow,skipgram", "--dimensions", 5,
        "--set", "min_count=1", "--set", "epochs=1", "--probe", tmp_path / "labelled.csv",
        "--format", "csv",
    )  # fmt: skip
    assert code == 0 and "training skipgram" in err
    found = table(out)
    assert [row["method"] for row in found] == ["cbow", "skipgram"]
    assert all(row["dimensions"] == "5" and float(row["probe"]) >= 0 for row in found)


@pytest.mark.parametrize("method", ["pv-dbow", "skip-thought"])
def test_a_model_that_is_kept_encodes_new_texts(
    method: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gensim")
    corpus, new = tmp_path / "corpus.txt", tmp_path / "new.csv"
    corpus.write_text("a good film. a bad film. a fine film.\n" * 20)
    new.write_text('id,text\n1,"a good film. a bad one"\n2,unheard\n')
    kept, encoded = tmp_path / "encoder.npz", tmp_path / "new.npz"
    code, _, err = run(
        capsys, "train", corpus, "--method", method, "--dimensions", 6, "--epochs", 1,
        "-o", tmp_path / "texts.npz", "--model", kept, "--quiet",
    )  # fmt: skip
    assert code == 0 and "encodes new texts" in err
    code, _, err = run(capsys, "encode", kept, new, "-o", encoded)
    assert code == 0 and "2 vectors of 6 dimensions, 1 of them of texts without" in err
    found = WordVectors.load(encoded)
    assert found.tokens == ["new.csv:2", "new.csv:3"]
    assert found["new.csv:2"].any() and not found["new.csv:3"].any()


def test_methods_are_listed_with_their_settings(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "methods")
    assert code == 0 and "skipgram: word2vec" in out and "dimensions=100" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["near", "FILE", "quen"], "no vector for 'quen'; did you mean 'queen'"),
        (["near", "no.txt", "king"], "no.txt is no file"),
        (["near", "FILE", "king", "--metric", "manhattan"], "metric expected one of"),
        (["near", "FILE", "king", "--format", "xml"], "--format expected one of"),
        (["odd", "FILE", "king", "queen"], "at least three words, got 2"),
        (["analogy", "FILE", "man", "king", "woman", "--rule", "x"], "rule expected one of"),
        (["direction", "FILE", "man-woman"], "expected pairs of words such as cat:cats"),
        (["map", "FILE", "-o", "map.gif"], "saved as .html"),
        (["evaluate"], "name files of vectors"),
        (["evaluate", "FILE"], "name what to judge by"),
        (["train", "no.txt"], "no.txt is no file"),
        (["train", "FILE", "--method", "glov"], "method expected one of"),
        (["train", "FILE", "--set", "negatives"], "--set expected NAME=VALUE"),
        (["train", "FILE", "--set", "colour=1"], "skipgram has no setting 'colour'"),
        (["train", "FILE", "--set", "negatives=few"], "expected negatives to be a number"),
        (["train", "FILE", "--set", "window=2.5"], "expected window to be a whole number"),
        (["train", "FILE", "-o", "missing/x.npz"], "--output names a folder"),
        (["train", "FILE", "--model", "m.npz"], "--model expected a method that encodes texts"),
        (["train", "FILE", "--encoding", "foo"], "encoding expected that of a text, got 'foo'"),
        (["encode", "no.npz", "FILE"], "no.npz"),
        (["encode", "FILE", "FILE"], "is not a file of NumPy arrays"),
        (["convert", "FILE", "x.bin", "--to", "onnx"], "expected a format of"),
    ],
)
def test_what_the_user_can_mend_ends_in_one_line(
    arguments: list[str],
    message: str,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *[str(file) if part == "FILE" else part for part in arguments])
    assert code == 2 and not out
    assert message in err and len(err.strip().splitlines()) == 1


def test_faulty_lines_are_named_or_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("good 1 2\nbad 1\nfine 3 4\n")
    code, _, err = run(capsys, "info", path)
    assert code == 2 and "line 2: expected a token and 2 numbers" in err
    code, out, err = run(capsys, "info", path, "--skip-faults", "--json")
    assert code == 0 and json.loads(out)["vectors"] == 2
    assert "1 lines of" in err and "left out: " in err


def test_an_empty_corpus_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.txt").write_text("\n \n")
    code, _, err = run(capsys, "train", tmp_path / "empty.txt")
    assert code == 2 and "empty.txt holds no tokens" in err
