"""Zip archives: bombs, paths that lead outside, links, duplicates, lies about sizes."""

from __future__ import annotations

import stat
import warnings
import zipfile
from pathlib import Path

from attacks import CANARY, attack, honest


@attack
def zip_bomb_in_the_weights(folder: Path) -> Path:
    """A few hundred kilobytes that unpack to 256 megabytes of zeros."""
    contents = honest.members() | {honest.WEIGHTS: bytes(1 << 28)}
    return honest.archive(folder, contents.items(), zipfile.ZIP_DEFLATED)


@attack
def zip_bomb_in_the_configuration(folder: Path) -> Path:
    """A text that unpacks to 64 megabytes."""
    contents = honest.members() | {honest.CONFIG: b" " * (64 << 20)}
    return honest.archive(folder, contents.items(), zipfile.ZIP_DEFLATED)


@attack
def zip_with_twenty_thousand_members(folder: Path) -> Path:
    """A table of contents that never ends."""
    empty = [(f"assets/{number}", b"") for number in range(20_000)]
    return honest.archive(folder, [*honest.members().items(), *empty])


@attack
def member_above_the_folder(folder: Path) -> Path:
    """`..` in a name."""
    return honest.with_member(folder, f"../{CANARY}", b"outside")


@attack
def member_with_an_absolute_name(folder: Path) -> Path:
    """A name from the root."""
    return honest.with_member(folder, str(folder.parent / CANARY), b"outside")


@attack
def member_on_a_drive(folder: Path) -> Path:
    """An absolute name of Windows."""
    return honest.with_member(folder, f"C:\\{CANARY}", b"outside")


@attack
def member_that_is_a_link(folder: Path) -> Path:
    """A symbolic link to a file outside."""
    info = zipfile.ZipInfo("assets/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return honest.with_member(folder, info, b"/etc/passwd")


@attack
def two_members_of_one_name(folder: Path) -> Path:
    """One configuration for whoever checks, another for whoever loads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return honest.with_member(folder, honest.CONFIG, b"{}")


@attack
def truncated_archive(folder: Path) -> Path:
    """The first half of a file."""
    path = honest.archive(folder, honest.members().items())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@attack
def member_that_claims_four_gigabytes(folder: Path) -> Path:
    """Sizes in the table of contents that are not in the file."""
    path = honest.archive(folder, honest.members().items())
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 20 : entry + 28] = b"\xf0\xff\xff\xff" * 2
    path.write_bytes(bytes(content))
    return path


@attack
def changed_weights(folder: Path) -> Path:
    """A byte of the weights that the checksum does not know."""
    path = honest.archive(folder, honest.members().items())
    content = bytearray(path.read_bytes())
    content[content.index(b"\x89HDF") + 3000] ^= 255
    path.write_bytes(bytes(content))
    return path


@attack
def weights_as_pickle(folder: Path) -> Path:
    """NumPy's format for objects, which runs code when it is read."""
    contents = dict(honest.members())
    contents["model.weights.npz"] = contents.pop(honest.WEIGHTS)
    return honest.archive(folder, contents.items())


@attack
def no_archive_at_all(folder: Path) -> Path:
    """Random bytes under the right name."""
    path = folder / "model.keras"
    path.write_bytes(bytes(range(256)) * 40)
    return path
