from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.saving import SavingError
from leftfold.saving.archive import (
    CONFIG,
    WEIGHTS,
    Archive,
    parse_json,
    replacing,
    write_archive,
)

MEMBERS = {CONFIG: b'{"class_name": "x"}', WEIGHTS: b"numbers"}


def zip_of(path: Path, members: list[tuple[str, bytes]], compression: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_members_are_stored_uncompressed_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    write_archive(path, MEMBERS)
    with zipfile.ZipFile(path) as archive:
        assert [m.compress_type for m in archive.infolist()] == [zipfile.ZIP_STORED] * 2
    with Archive(path) as archive:
        assert archive.read(WEIGHTS) == b"numbers"
        assert archive.read_json(CONFIG) == {"class_name": "x"}
        assert CONFIG in archive
        assert "assets" not in archive


def test_open_files_serve_as_paths_do() -> None:
    file = io.BytesIO()
    write_archive(file, MEMBERS)
    file.seek(0)
    with Archive(file) as archive:
        assert archive.read(WEIGHTS) == b"numbers"


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.keras"]


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    with replacing(tmp_path / "new") as file:
        file.write(b"content")
    mode = stat.S_IMODE((tmp_path / "new").stat().st_mode)
    assert mode == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SavingError, match=r"nowhere/m.keras cannot be written: No such file"):
        write_archive(tmp_path / "nowhere" / "m.keras", MEMBERS)


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(SavingError, match=r"none.keras does not exist"):
        Archive(tmp_path / "none.keras")
    with pytest.raises(SavingError, match="is a folder"):
        Archive(tmp_path)
    (tmp_path / "text.keras").write_text("hello")
    with pytest.raises(SavingError, match=r"text.keras is not a .keras file: File is not a zip"):
        Archive(tmp_path / "text.keras")


def test_a_missing_member_is_told(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "m.keras", [(CONFIG, b"{}")])
    with Archive(path) as archive, pytest.raises(SavingError, match=r"no model.weights.h5"):
        archive.read(WEIGHTS)


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "assets/../../evil", "..\\evil"])
def test_members_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    path = zip_of(tmp_path / "m.keras", [(CONFIG, b"{}"), (name, b"")])
    with pytest.raises(SavingError, match="leads outside"):
        Archive(path)


def test_a_member_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zip_of(tmp_path / "m.keras", [(CONFIG, b"{}"), (CONFIG, b"[]")])
    with pytest.raises(SavingError, match=r"it has config.json more than once"):
        Archive(path)


def test_many_members_are_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "m.keras", [(str(i), b"") for i in range(10_001)])
    with pytest.raises(SavingError, match="it has 10001 members"):
        Archive(path)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "m.keras", [(WEIGHTS, bytes(64 << 20))], zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 17
    with Archive(path) as archive, pytest.raises(SavingError, match="claims to unpack from"):
        archive.read(WEIGHTS)


def test_an_honestly_compressed_member_is_read(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "m.keras", [(WEIGHTS, bytes(range(256)) * 9)], zipfile.ZIP_DEFLATED)
    with Archive(path) as archive:
        assert archive.read(WEIGHTS) == bytes(range(256)) * 9


def test_changed_bytes_are_noticed(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "m.keras", [(WEIGHTS, b"A" * 1000)])
    content = path.read_bytes()
    path.write_bytes(content.replace(b"AAAA", b"AABA", 1))
    with Archive(path) as archive, pytest.raises(SavingError, match=r"is damaged: .*CRC"):
        archive.read(WEIGHTS)


@given(cut=st.integers(0, 300), at=st.integers(0, 400), value=st.integers(0, 255))
def test_damage_anywhere_is_an_error_or_harmless(cut: int, at: int, value: int) -> None:
    file = io.BytesIO()
    write_archive(file, MEMBERS)
    content = bytearray(file.getvalue()[: len(file.getvalue()) - cut])
    if at < len(content):
        content[at] = value
    try:
        with Archive(io.BytesIO(bytes(content))) as archive:
            archive.read_json(CONFIG)
            archive.read(WEIGHTS)
    except SavingError:
        pass


def test_json_that_is_none_too_deep_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SavingError, match="the text is not valid JSON"):
        parse_json("{", "the text")
    with pytest.raises(SavingError, match="not valid JSON"):
        parse_json(b"\xff\xfe", "the text")
    with pytest.raises(SavingError, match="the text was refused: it is nested more than 400"):
        parse_json("[" * 500 + "]" * 500, "the text")
    with pytest.raises(SavingError, match="the text"):
        parse_json("[" * 200_000, "the text")
    assert parse_json(json.dumps({"a": [1, {"b": None}]}), "") == {"a": [1, {"b": None}]}


def test_a_huge_configuration_is_refused_unread(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "m.keras", [(CONFIG, b" " * ((32 << 20) + 1))], zipfile.ZIP_DEFLATED)
    with Archive(path) as archive, pytest.raises(SavingError, match="more than 33554432"):
        archive.read_json(CONFIG)
