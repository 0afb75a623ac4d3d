"""Labelled steps out of files, and every fault with its line."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold.tasks.errors import DataError
from leftfold.tasks.tagging.files import read_columns, read_tagged

CONLL = """-DOCSTART- -X- O

EU NNP B-ORG
rejects VBZ O

# NN O
Peter NNP B-PER

"""
TREEBANK = """# sent_id = 1
# text = It's me
1-2\tIt's\t_\t_\t_\t_\t_\t_\t_\t_
1\tIt\tit\tPRON\tPRP\t_\t0\troot\t_\t_
2\t's\tbe\tAUX\tVBZ\t_\t1\tcop\t_\t_
2.1\tnothing\t_\tX\t_\t_\t_\t_\t_\t_
3\tme\tI\tPRON\tPRP\t_\t1\tobj\t_\t_
"""


def test_columns_of_the_shared_tasks_hashes_that_are_tokens_included():
    found = read_columns(CONLL)
    assert found.rows == [["EU", "rejects"], ["#", "Peter"]]
    assert found.labels == [["B-ORG", "O"], ["O", "B-PER"]]
    assert found.columns == {"text": "1", "label": "3"}
    assert read_columns(CONLL, label="2").labels == [["NNP", "VBZ"], ["NN", "NNP"]]


def test_treebanks_have_comments_and_lines_that_are_no_token():
    found = read_columns(TREEBANK)
    assert found.rows == [["It", "'s", "me"]]
    assert found.labels == [["PRON", "AUX", "PRON"]]
    assert read_columns(TREEBANK, label="5").labels == [["PRP", "VBZ", "PRP"]]


def test_tokens_alone_are_enough_to_predict():
    found = read_columns("Rome\nsleeps\n", needs_label=False)
    assert found.rows == [["Rome", "sleeps"]] and found.labels is None
    assert read_columns("Rome\n", text="2", needs_label=False).rows == [["Rome"]]


def test_the_last_column_of_lines_of_different_lengths():
    found = read_columns("a x y L1\nb L2\n", label="-1")
    assert found.rows == [["a", "b"]] and found.labels == [["L1", "L2"]]


def test_a_wide_space_is_a_token():
    assert read_columns("\u3000\tO\nx\tO\n").rows == [["\u3000", "x"]]


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("a O\nb\n", {}, "data, line 2: expected 2 columns as before, got 1"),
        ("a O\nb O O\n", {}, "line 2: expected 2 columns as before, got 3"),
        ("a\nb\n", {}, "line 1: expected a token and its label, got one column"),
        ("a\tO\n\nb\t\n", {}, "line 3: the label is missing"),
        ("\n\n", {}, "data has no tokens"),
        ("a O\n", {"label": "3"}, "expected a column from 1 to 2, got '3'"),
        ("a O\n", {"label": "tag"}, "expected a column from 1 to 2, got 'tag'"),
        ("a O\n", {"label": "1"}, "column 1 is both the token and the label"),
        ("a x O\nb\n", {"label": "-1"}, "line 2: expected 3 columns as before, got 1"),
    ],
)
def test_faults_in_columns_are_told_with_their_line(content, arguments, message):
    with pytest.raises(DataError, match=message):
        read_columns(content, **arguments)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_tables_of_tokens(tmp_path):
    path = write(tmp_path / "w.csv", "sentence,token,tag\n1,In,O\n1,Rome,S-LOC\n2,Yes,O\n2,no,O\n")
    found = read_tagged(path, label="tag")
    assert found.rows == [["In", "Rome"], ["Yes", "no"]]
    assert found.labels == [["O", "S-LOC"], ["O", "O"]]
    assert found.columns == {"id_column": "sentence", "label": "tag", "text": "token"}
    assert found.names == ["1", "2"]


def test_tables_of_numbers_in_the_order_of_time(tmp_path):
    path = write(
        tmp_path / "s.csv",
        "id,hour,x,note,phase\na,2,1.5,u,rest\na,1,0.5,v,move\nb,1,,w,rest\nb,2,3,u,move\n",
    )
    found = read_tagged(path, id_column="id", time="hour", label="phase")
    np.testing.assert_array_equal(found.rows[0], [[0.5], [1.5]])
    assert np.isnan(found.rows[1][0, 0])
    assert found.labels == [["move", "rest"], ["rest", "move"]]
    assert found.columns["features"] == ["x"]
    assert any("1 sequences were put in the order of time" in line for line in found.said)
    assert f"left out: 'note', for 'u' in {path}, line 2 is no number" in found.said


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("a,b\n1,2\n", {}, "no column tells sequences apart among a, b; name it"),
        ("id,label\n1,A\n1,B\n", {}, "no column of tokens or numbers besides 'id', 'label'"),
        ("id,x,label\n1,2,A\n1,3,\n", {}, "line 3, column 'label': the label is missing"),
        ("id,token,label\n1,,A\n1,b,B\n", {}, "line 2, column 'token': the token is missing"),
        ("id,x,label\n1,2,A\n", {"id_column": "who"}, "no column 'who'"),
        ("id,x,label\n1,2,A\n", {"format": "xml"}, "format expected one of conll, csv"),
    ],
)
def test_faults_in_tables_are_told_with_their_line(tmp_path, text, arguments, message):
    with pytest.raises(DataError, match=message):
        read_tagged(write(tmp_path / "t.csv", text), **arguments)
