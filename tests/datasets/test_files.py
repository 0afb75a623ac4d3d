"""Where data is kept, downloads with checksums, archives that mean harm."""

from __future__ import annotations

import hashlib
import http.server
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from leftfold.datasets import files
from leftfold.datasets.files import DatasetError, get_file


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address at which a web server shows it."""
    folder = tmp_path / "site"
    folder.mkdir()
    handler = partial(_Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_leftfold_home_goes_before_keras_home_before_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("LEFTFOLD_HOME", str(tmp_path / "leftfold"))
    assert files.data_folder() == tmp_path / "leftfold" / "datasets"
    monkeypatch.delenv("LEFTFOLD_HOME")
    assert files.data_folder() == tmp_path / "keras" / "datasets"
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.data_folder() == tmp_path / ".keras" / "datasets"


def test_a_file_is_downloaded_once_and_verified(site: tuple[Path, str], home: Path) -> None:
    folder, address = site
    (folder / "words.txt").write_text("one two")
    digest = hashlib.sha256(b"one two").hexdigest()
    path = get_file(origin=f"{address}/words.txt", file_hash=digest)
    assert path == str(home / "datasets" / "words.txt")
    (folder / "words.txt").unlink()
    assert get_file(origin=f"{address}/words.txt", file_hash=digest) == path
    assert Path(path).read_text() == "one two"


def test_a_kept_file_that_differs_is_downloaded_again(site: tuple[Path, str], home: Path) -> None:
    folder, address = site
    (folder / "a").write_text("right")
    kept = home / "datasets" / "a"
    kept.parent.mkdir(parents=True)
    kept.write_text("wrong")
    get_file("a", f"{address}/a", md5_hash=hashlib.md5(b"right").hexdigest())
    assert kept.read_text() == "right"
    (folder / "a").write_text("newer")
    get_file("a", f"{address}/a")
    assert kept.read_text() == "right"
    get_file("a", f"{address}/a", force_download=True)
    assert kept.read_text() == "newer"


def test_a_wrong_checksum_leaves_no_file(site: tuple[Path, str], home: Path) -> None:
    folder, address = site
    (folder / "a").write_text("tampered")
    with pytest.raises(DatasetError, match=r"a could not be fetched from http.*hash") as error:
        get_file("a", f"{address}/a", file_hash="0" * 64)
    assert "\n" not in str(error.value)
    assert not list((home / "datasets").iterdir())


@pytest.mark.usefixtures("offline")
def test_no_network_is_one_line(home: Path) -> None:
    with pytest.raises(DatasetError, match="could not be fetched from https://nowhere") as error:
        get_file("a", "https://nowhere.invalid/a")
    assert "\n" not in str(error.value)


def test_archives_are_unpacked_beside(site: tuple[Path, str], home: Path) -> None:
    folder, address = site
    with zipfile.ZipFile(folder / "z.zip", "w") as zipped:
        zipped.writestr("inner/a.txt", "zipped")
    with tarfile.open(folder / "t.tar.gz", "w:gz") as tar:
        tar.add(folder / "z.zip", "b.zip")
    unpacked = Path(get_file("z.zip", f"{address}/z.zip", extract=True))
    assert unpacked == home / "datasets" / "z_extracted"
    assert (unpacked / "inner" / "a.txt").read_text() == "zipped"
    assert (Path(get_file(origin=f"{address}/t.tar.gz", untar=True)) / "b.zip").is_file()
    with pytest.raises(DatasetError, match="not an archive of format tar"):
        get_file("z.zip", f"{address}/z.zip", untar=True)


def test_a_member_that_climbs_out_is_refused(site: tuple[Path, str], home: Path) -> None:
    folder, address = site
    with tarfile.open(folder / "evil.tar", "w") as tar:
        member = tarfile.TarInfo("../../climbed")
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(DatasetError, match="outside"):
        get_file("evil.tar", f"{address}/evil.tar", extract=True)
    assert not (home / "climbed").exists()
    assert not (home / "datasets" / "evil_extracted").exists()


def test_arguments_that_name_no_file_are_refused() -> None:
    with pytest.raises(ValueError, match="origin"):
        get_file("a")
    with pytest.raises(ValueError, match="fname to be a file's name, got"):
        get_file("../a", "https://example.org/a")
    with pytest.raises(ValueError, match="got ''"):
        get_file(origin="https://example.org/")
