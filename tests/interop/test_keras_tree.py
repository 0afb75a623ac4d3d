"""`keras.tree` on nested structures, as Keras documents it."""

from __future__ import annotations

from collections import namedtuple

import pytest

from leftfold.interop import keras_tree as tree

Pair = namedtuple("Pair", "a b")
NESTED = {"b": [1, (2, 3)], "a": Pair(4, {"x": 5})}


def test_leaves_come_by_sorted_key_with_their_paths():
    assert tree.flatten(NESTED) == [4, 5, 1, 2, 3]
    assert tree.flatten_with_path([{"foo": 42}]) == [((0, "foo"), 42)]
    assert tree.flatten_with_path(NESTED)[1] == (("a", 1, "x"), 5)


def test_structures_are_rebuilt_in_kind_and_order():
    doubled = tree.map_structure(lambda v: 2 * v, NESTED)
    assert doubled == {"b": [2, (4, 6)], "a": Pair(8, {"x": 10})}
    assert list(doubled) == ["b", "a"]
    assert isinstance(doubled["a"], Pair)
    assert tree.pack_sequence_as(NESTED, tree.flatten(NESTED)) == NESTED
    assert tree.lists_to_tuples([1, [2, {"a": [3]}]]) == (1, (2, {"a": (3,)}))


def test_several_structures_are_mapped_together():
    assert tree.map_structure(lambda x, y: x + y, {"a": [3]}, {"a": [4]}) == {"a": [7]}
    assert tree.map_structure(lambda x: x, [None, 1], none_is_leaf=False) == [None, 1]
    assert tree.map_structure_up_to((None, None), lambda s: len(s), ([1, 2], [3])) == (2, 1)
    assert tree.map_shape_structure(lambda s: s[0], {"a": (1, None), "b": [(2, 3)]}) == {
        "a": 1,
        "b": [2],
    }


def test_traversal_goes_down_or_up_and_may_replace():
    seen = []
    tree.traverse(seen.append, [(1, 2), [3], {"a": 4}], top_down=True)
    assert seen == [[(1, 2), [3], {"a": 4}], (1, 2), 1, 2, [3], 3, {"a": 4}, 4]
    seen.clear()
    tree.traverse(seen.append, [(1, 2), [3], {"a": 4}], top_down=False)
    assert seen == [1, 2, (1, 2), 3, [3], 4, {"a": 4}, [(1, 2), [3], {"a": 4}]]
    removed = tree.traverse(lambda v: tree.MAP_TO_NONE if v == 2 else None, [1, [2]])
    assert removed == [1, [None]]


def test_structures_that_differ_are_named_by_the_place():
    tree.assert_same_structure(NESTED, tree.map_structure(str, NESTED))
    tree.assert_same_paths([1, (2,)], (1, [2]))
    with pytest.raises(ValueError, match=r"got list and tuple at \['b'\]"):
        tree.assert_same_structure({"b": [1]}, {"b": (1,)})
    with pytest.raises(ValueError, match=r"got \[0, 1\] and \[0\] at \[0\]"):
        tree.assert_same_paths([[1, 2]], [[1]])
    with pytest.raises(ValueError, match="expected 5 leaves, got 1"):
        tree.pack_sequence_as(NESTED, [1])
