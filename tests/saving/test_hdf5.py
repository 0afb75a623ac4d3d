from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold import Input, Sequential, layers, models
from leftfold.saving import SavingError
from leftfold.saving.hdf5 import WeightsReader, WeightsWriter
from leftfold.saving.hdf5_safe import attribute, close_file, open_file


def written(**groups: Any) -> bytes:
    writer = WeightsWriter()
    for path, values in groups.items():
        group = writer.group(path.replace("__", "/"), name=path)
        for index, value in enumerate(values):
            group[str(index)] = value
    return bytes(writer.finish())


def reading(content: bytes, path: str = "layers/lstm") -> Any:
    reader = WeightsReader(content, "m.h5")
    return reader.variables(path)


def test_arrays_come_back_under_vars_with_the_name() -> None:
    kernel = np.arange(6, dtype=np.float32).reshape(2, 3)
    stored = reading(written(layers__lstm=[kernel, np.int64(7)]))
    assert list(stored) == ["0", "1"]
    assert stored.shape("0") == (2, 3)
    np.testing.assert_array_equal(stored["0"], kernel)
    assert stored["1"] == 7
    assert stored.groups[0].name == "/layers/lstm/vars"
    assert stored.groups[0].attrs["name"] == "layers__lstm"


def test_an_object_that_the_file_does_not_know_has_no_arrays() -> None:
    stored = reading(written(layers__lstm=[np.ones(1)]), "layers/gru")
    assert len(stored) == 0
    assert "0" not in stored
    with pytest.raises(KeyError):
        stored["0"]


def test_files_of_keras_2_13_have_another_root(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["_layer_checkpoint_dependencies/lstm/vars/0"] = [1.0]
    reader = WeightsReader(str(tmp_path / "m.h5"), "m.h5")
    np.testing.assert_array_equal(reader.variables("layers/lstm")["0"], [1.0])


def test_bfloat16_is_read_as_the_upper_half_of_float32(tmp_path: Path) -> None:
    upper = (np.array([1.5, -2.0], np.float32).view(np.uint32) >> 16).astype(np.uint16)
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["layers/lstm/vars/0"] = upper.view("V2")
        file["layers/lstm/vars/0"].attrs["dtype"] = "bfloat16"
    stored = WeightsReader(str(tmp_path / "m.h5"), "m.h5").variables("layers/lstm")
    np.testing.assert_array_equal(stored["0"], [1.5, -2.0])


def soft_link(group: h5py.Group) -> None:
    group.file["elsewhere"] = np.ones(3)
    group["0"] = h5py.SoftLink("/elsewhere")


def external_link(group: h5py.Group) -> None:
    group["0"] = h5py.ExternalLink("/etc/passwd", "/")


def external_storage(group: h5py.Group) -> None:
    group.create_dataset("0", (3,), "f4", external=[("/etc/passwd", 0, 12)])


def virtual(group: h5py.Group) -> None:
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "x", (3,))
    group.create_virtual_dataset("0", layout)


def shape_bomb(group: h5py.Group) -> None:
    group.create_dataset("0", (1 << 40,), "f4", chunks=(1 << 10,), compression="gzip")


def text(group: h5py.Group) -> None:
    group["0"] = "text"


def references(group: h5py.Group) -> None:
    group.create_dataset("0", (2,), h5py.ref_dtype)


def nothing(group: h5py.Group) -> None:
    group["0"] = h5py.Empty("f4")


def a_group(group: h5py.Group) -> None:
    group.create_group("0")


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (soft_link, "it is a SoftLink"),
        (external_link, "it is a ExternalLink"),
        (external_storage, "its values lie in another file"),
        (virtual, "it is put together from other arrays"),
        (shape_bomb, "it claims 4398046511104 bytes and stores 0"),
        (text, "it holds object, not numbers"),
        (references, "it holds object, not numbers"),
        (nothing, "it is not an array"),
        (a_group, "it is not an array"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_arrays_that_lead_elsewhere_are_refused(tmp_path: Path, attack: Any, reason: str) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        attack(file.create_group("layers/lstm/vars"))
    stored = WeightsReader(str(tmp_path / "m.h5"), "m.h5").variables("layers/lstm")
    for look in (stored.__getitem__, stored.shape):
        with pytest.raises(SavingError, match=f"0 of layers/lstm in m.h5 was refused: {reason}"):
            look("0")


@pytest.mark.parametrize("link", [h5py.SoftLink("/other"), h5py.ExternalLink("o.h5", "/")])
@pytest.mark.parametrize("place", ["layers", "layers/lstm", "layers/lstm/vars"])
def test_groups_reached_over_links_are_refused(tmp_path: Path, place: str, link: Any) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.create_group("other")
        file[place] = link
    with pytest.raises(SavingError, match=r"m.h5 was refused: layers.* is a (Soft|External)Link"):
        WeightsReader(str(tmp_path / "m.h5"), "m.h5").variables("layers/lstm")


def test_an_array_in_the_place_of_a_group_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["layers"] = [1.0]
    with pytest.raises(SavingError, match="is not a group"):
        WeightsReader(str(tmp_path / "m.h5"), "m.h5").variables("layers/lstm")


def test_what_is_no_hdf5_is_told(tmp_path: Path) -> None:
    with pytest.raises(SavingError, match=r"m.h5 is not a file of weights"):
        WeightsReader(b"nonsense", "m.h5")
    with pytest.raises(SavingError, match=r"m.h5 does not exist"):
        WeightsReader(str(tmp_path / "none.h5"), "m.h5")


@settings(max_examples=400)
@given(at=st.integers(0, 5000), value=st.integers(0, 255))
def test_a_changed_byte_gives_numbers_or_an_error(at: int, value: int) -> None:
    content = bytearray(written(layers__lstm=[np.ones((4, 4), np.float32)]))
    content[at % len(content)] = value
    try:
        with WeightsReader(bytes(content), "m.h5") as reader:
            stored = reader.variables("layers/lstm")
            for key in stored:
                stored[key]
    except SavingError:
        pass


def legacy_with(change: Callable[[bytearray], None], tmp_path: Path) -> Path:
    """An `.h5` file of a model with bytes changed."""
    model = Sequential([Input((2,)), layers.Dense(1)])
    model.save(tmp_path / "m.h5")
    content = bytearray((tmp_path / "m.h5").read_bytes())
    change(content)
    (tmp_path / "m.h5").write_bytes(content)
    return tmp_path / "m.h5"


@pytest.mark.parametrize("size", [0, 1, (1 << 64) - 1, 0x0101010101010101])
def test_heaps_that_would_never_end_are_refused(size: int, tmp_path: Path) -> None:
    def change(content: bytearray) -> None:
        first_object = content.index(b"GCOL") + 16
        content[first_object : first_object + 2] = b"\0\0"
        content[first_object + 8 : first_object + 16] = size.to_bytes(8, "little")

    with pytest.raises(SavingError, match=r"m.h5 is damaged: the objects of a heap do not fill it"):
        models.load_model(legacy_with(change, tmp_path))


def test_texts_longer_than_the_file_are_refused_before_there_is_room_for_them(
    tmp_path: Path,
) -> None:
    def change(content: bytearray) -> None:
        name = content.index(b"model_config\0")
        heap = content.index(b"GCOL").to_bytes(8, "little")
        length = content.index(heap, name) - 4
        content[length : length + 4] = b"\xf0\xff\xff\xff"

    with pytest.raises(SavingError, match=r"m.h5 is damaged .*model_config: it claims 4294967280"):
        models.load_model(legacy_with(change, tmp_path))


def test_attributes_are_found_in_headers_of_either_version(tmp_path: Path) -> None:
    for version in ("earliest", "latest"):
        with h5py.File(tmp_path / "m.h5", "w", libver=version) as file:
            for number in range(6):
                file.attrs[f"a{number}"] = "text" * number
            file.attrs["many"] = ["one", "two"]
            file.attrs["fixed"] = np.asarray([b"x", b"y"])
        file = open_file(str(tmp_path / "m.h5"), "m.h5")
        assert attribute(file, "a5", "m.h5") == "text" * 5
        assert attribute(file, "many", "m.h5") == ["one", "two"]
        assert attribute(file, "fixed", "m.h5") == ["x", "y"]
        assert attribute(file, "none", "m.h5") is None
        close_file(file)
