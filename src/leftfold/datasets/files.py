"""Where data files are kept, and how they get there: downloads with checksums, archives."""

from __future__ import annotations

import contextlib
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

_ARCHIVES = ("tar", "zip")


class DatasetError(RuntimeError):
    """Data is missing or broken. The message is one line that says how to mend it."""


def home() -> Path:
    """The folder for everything kept between runs.

    `LEFTFOLD_HOME` if it is set, else `KERAS_HOME`, else `~/.keras`: data sets are shared with
    an existing Keras.
    """
    chosen = os.environ.get("LEFTFOLD_HOME") or os.environ.get("KERAS_HOME") or "~/.keras"
    return Path(chosen).expanduser()


def data_folder() -> Path:
    """The folder for data sets, `datasets` in `home()`."""
    return home() / "datasets"


def download(url: str, target: Path, file_hash: str | None = None) -> Path:
    """Fetch `url` into the file `target`, which appears only when complete and verified.

    Args:
        url: an address that pooch understands (https, http, ftp, doi).
        target: the file to write.
        file_hash: expected hash in hexadecimal digits, sha256 (64) or md5 (32), or with its
            algorithm in front (`"sha256:..."`); `None` accepts anything.

    Raises:
        DatasetError: where the address cannot be reached or the hash differs.
    """
    import pooch

    if file_hash is not None and ":" not in file_hash:
        file_hash = f"{'sha256' if len(file_hash) == 64 else 'md5'}:{file_hash}"
    log = pooch.get_logger()
    level = log.level
    try:
        log.setLevel("WARNING")  # it would recommend its own arguments to the user
        target.parent.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(url, file_hash, fname=target.name, path=target.parent)
    except (OSError, ValueError) as error:
        cause: BaseException = error
        while cause.__context__ is not None:
            cause = cause.__context__
        reason = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
        raise DatasetError(f"{target.name} could not be fetched from {url}: {reason}.") from error
    finally:
        log.setLevel(level)
    return target


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | list[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """A file from an address, downloaded once and kept.

    Args:
        fname: name to keep it under; that at the end of the address by default.
        origin: the address.
        untar: short for `extract=True, archive_format="tar"`.
        md5_hash: short for `file_hash` with `hash_algorithm="md5"`.
        file_hash: expected hash; a kept file that differs is downloaded again.
        cache_subdir: folder inside `cache_dir`, or an absolute path.
        hash_algorithm: `"sha256"`, `"md5"` or `"auto"` (by the hash's length).
        extract: whether to unpack the file; the path returned is then that of the folder.
        archive_format: `"tar"`, `"zip"`, `"auto"` (either) or a list of them.
        cache_dir: `LEFTFOLD_HOME`, else `KERAS_HOME`, else `~/.keras` by default.
        force_download: whether to download a file that is there already.

    Returns:
        The path of the file, or of the folder with what was in it.
    """
    if origin is None:
        raise ValueError("get_file expected origin, the address to download from.")
    name = os.fspath(fname) if fname else os.path.basename(urlsplit(origin).path)
    if not name or name != os.path.basename(name):
        raise ValueError(f"get_file expected fname to be a file's name, got {name!r}.")
    folder = Path(cache_dir or home()).expanduser() / cache_subdir
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    if file_hash is not None and hash_algorithm != "auto":
        file_hash = f"{hash_algorithm}:{file_hash}"
    target, unpacked = folder / name, folder / name
    if extract or untar:
        stem, dot, _ = name.partition(".")
        if fname and dot:
            unpacked = folder / f"{stem}_extracted"
        else:
            target = folder / f"{name}_archive"
    if force_download:
        target.unlink(missing_ok=True)
    if not target.exists() or file_hash is not None:
        download(origin, target, file_hash)
    if extract or untar:
        _extract(target, unpacked, "tar" if untar else archive_format)
    return str(unpacked)


def _extract(archive: Path, folder: Path, archive_format: str | list[str] | None) -> None:
    """Unpack into `folder`, refusing members that would land outside it."""
    formats = [archive_format] if isinstance(archive_format, str) else archive_format or []
    formats = list(_ARCHIVES) if formats == ["auto"] else formats
    if "tar" in formats and tarfile.is_tarfile(archive):
        if not hasattr(tarfile, "data_filter"):
            raise DatasetError(
                "This Python cannot unpack tar archives safely; update it to its latest patch."
            )
        with _unpacking(archive, folder), tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    elif "zip" in formats and zipfile.is_zipfile(archive):
        with _unpacking(archive, folder), zipfile.ZipFile(archive) as zipped:
            zipped.extractall(folder)  # drops ".." and leading "/" from names by itself
    else:
        raise DatasetError(f"{archive} is not an archive of format {archive_format}.")


@contextlib.contextmanager
def _unpacking(archive: Path, folder: Path) -> Iterator[None]:
    """Leave no half-filled new folder behind; name the archive where it is broken or hostile."""
    existed = folder.exists()
    try:
        yield
    except BaseException as error:
        if not existed:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile)):
            raise DatasetError(f"{archive} cannot be unpacked: {error}.") from error
        raise
