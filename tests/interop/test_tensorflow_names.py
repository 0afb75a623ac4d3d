"""The look-alikes of TensorFlow's functions, data sets and gradient tape."""

from __future__ import annotations

import numpy as np
import pytest

from leftfold import Sequential, layers, losses, optimizers
from leftfold.engine import Variable
from leftfold.interop import tensorflow as tf
from leftfold.utils import set_random_seed

X = np.arange(24, dtype=np.float32).reshape(6, 4)
Y = np.arange(6)


def lists(dataset):
    return [np.asarray(element).tolist() for element in dataset]


class TestDataset:
    def test_slices_come_in_batches_with_a_smaller_last_one(self):
        batches = list(tf.data.Dataset.from_tensor_slices((X, Y)).batch(4).prefetch(2))
        assert [tuple(x.shape) for x, _ in batches] == [(4, 4), (2, 4)]
        np.testing.assert_array_equal(np.concatenate([y.numpy() for _, y in batches]), Y)
        assert len(tf.data.Dataset.from_tensor_slices((X, Y)).batch(4, drop_remainder=True)) == 1

    def test_dictionaries_keep_their_keys(self):
        element = next(iter(tf.data.Dataset.from_tensor_slices({"b": X, "a": Y}).batch(2)))
        assert list(element) == ["b", "a"]
        assert element["b"].shape == (2, 4)

    def test_unequal_lengths_are_refused(self):
        with pytest.raises(ValueError, match="arrays of one length, got lengths 5, 6"):
            tf.data.Dataset.from_tensor_slices((X, Y[:5]))

    def test_shuffling_keeps_every_element_and_follows_the_seed(self):
        def order(seed):
            set_random_seed(seed)
            return lists(tf.data.Dataset.range(50).shuffle(50))

        assert sorted(order(1)) == list(range(50)) != order(1)
        assert order(1) == order(1) != order(2)
        again = tf.data.Dataset.range(20).shuffle(20, seed=3)
        assert lists(again) != lists(again)
        fixed = tf.data.Dataset.range(20).shuffle(20, seed=3, reshuffle_each_iteration=False)
        assert lists(fixed) == lists(fixed)

    def test_a_small_buffer_moves_elements_only_a_little(self):
        found = lists(tf.data.Dataset.range(30).shuffle(3, seed=0))
        assert all(place <= index + 2 for index, place in enumerate(found))

    def test_map_filter_repeat_take_skip(self):
        numbers = tf.data.Dataset.range(6)
        assert lists(numbers.map(lambda n: n * 2)) == [0, 2, 4, 6, 8, 10]
        assert lists(numbers.filter(lambda n: n % 2 == 0)) == [0, 2, 4]
        assert lists(numbers.skip(2).take(2).repeat(2)) == [2, 3, 2, 3]
        assert len(numbers.skip(2).take(2).repeat(2)) == 4
        assert int(numbers.repeat().cardinality()) == tf.data.INFINITE_CARDINALITY
        assert lists(numbers.repeat().take(8)) == [0, 1, 2, 3, 4, 5, 0, 1]
        with pytest.raises(TypeError, match="is infinite"):
            len(numbers.repeat())

    def test_pairs_are_the_arguments_of_map(self):
        pairs = tf.data.Dataset.from_tensor_slices((X, Y)).map(lambda x, y: (x + 1, y))
        np.testing.assert_array_equal(next(iter(pairs))[0].numpy(), X[0] + 1)

    def test_windows_of_a_series(self):
        windows = tf.data.Dataset.range(6).window(3, shift=1, drop_remainder=True)
        assert lists(windows.flat_map(lambda w: w.batch(3))) == [
            *([0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]),
        ]

    def test_padded_batches(self):
        def sentences():
            yield [1, 2, 3], 0
            yield [4], 1

        data = tf.data.Dataset.from_generator(sentences, output_types=("int32", "int64"))
        words, labels = next(iter(data.padded_batch(2, padded_shapes=([None], []))))
        assert words.tolist() == [[1, 2, 3], [4, 0, 0]]
        assert labels.dtype == "int64"
        words, _ = next(iter(data.padded_batch(2, ([5], []), padding_values=(-1, 0))))
        assert words.tolist()[1] == [4, -1, -1, -1, -1]
        with pytest.raises(ValueError, match="use padded_batch"):
            list(data.batch(2))

    def test_a_generator_runs_anew_for_every_pass(self):
        data = tf.data.Dataset.from_generator(
            lambda: iter([1.5, 2.5]), output_signature=tf.TensorSpec((), tf.float32)
        )
        assert lists(data) == lists(data) == [1.5, 2.5]

    def test_zip_enumerate_concatenate_cache(self):
        calls = []
        numbers = tf.data.Dataset.range(3)
        noted = numbers.map(lambda n: calls.append(1) or n).cache()
        assert lists(noted) == lists(noted) and len(calls) == 3
        zipped = tf.data.Dataset.zip((numbers, numbers.skip(1)))
        assert [tuple(map(int, pair)) for pair in zipped] == [(0, 1), (1, 2)]
        assert [int(i) for i, _ in numbers.enumerate(5)] == [5, 6, 7]
        assert lists(numbers.concatenate(numbers)) == [0, 1, 2, 0, 1, 2]

    def test_a_model_learns_from_it(self):
        model = Sequential([layers.Input((4,)), layers.Dense(1)])
        model.compile("sgd", "mse")
        data = tf.data.Dataset.from_tensor_slices((X / 24, Y / 6)).batch(2)
        same = Sequential([layers.Input((4,)), layers.Dense(1)])
        same.set_weights(model.get_weights())
        same.compile("sgd", "mse")
        found = model.fit(data, epochs=3, verbose=0).history["loss"]
        expected = same.fit(X / 24, Y / 6, batch_size=2, epochs=3, shuffle=False, verbose=0)
        np.testing.assert_allclose(found, expected.history["loss"], rtol=1e-5)
        endless = model.fit(data.repeat(), epochs=1, steps_per_epoch=5, verbose=0)
        assert len(endless.history["loss"]) == 1
        assert model.predict(data.map(lambda x, y: x), verbose=0).shape == (6, 1)


class TestGradientTape:
    def test_gradients_keep_the_structure_of_the_sources(self):
        a, b = Variable(2.0), Variable(3.0)
        with tf.GradientTape() as tape:
            y = a * a * b
        found = tape.gradient(y, {"a": a, "b": [b]})
        assert found["a"].item() == 12 and found["b"][0].item() == 4

    def test_watched_tensors_and_unconnected_ones(self):
        x, other = tf.constant([1.0, 2.0]), Variable(1.0)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = tf.reduce_sum(x**2)
        assert tape.gradient(y, x).tolist() == [2.0, 4.0]
        assert tape.gradient(y, other) is None
        assert tape.gradient(y, other, unconnected_gradients="zero").item() == 0
        with pytest.raises(TypeError, match="tensors of floats"):
            tape.watch(tf.constant([1, 2]))

    def test_several_targets_are_added(self):
        x = Variable(3.0)
        with tf.GradientTape() as tape:
            targets = [x * 2, x * x]
        assert tape.gradient(targets, x).item() == 8

    def test_a_tape_gives_gradients_once(self):
        x = Variable(3.0)
        with tf.GradientTape() as tape:
            y = x * x
        tape.gradient(y, x)
        with pytest.raises(RuntimeError, match="persistent=True"):
            tape.gradient(y, x)

    def test_second_derivatives_are_refused(self):
        x = Variable(3.0)
        with (
            tf.GradientTape(),
            pytest.raises(NotImplementedError, match="gradients of gradients"),
        ):
            with tf.GradientTape() as inner:
                y = x * x * x
            inner.gradient(y, x)

    def test_nothing_is_recorded_while_stopped(self):
        x = Variable(3.0)
        with tf.GradientTape() as tape:
            with tape.stop_recording():
                hidden = x * x
            y = x * 2.0 + hidden
        assert tape.gradient(y, x).item() == 2

    def test_a_training_loop_by_hand_equals_fit(self):
        def model():
            made = Sequential([layers.Input((4,)), layers.Dense(1)])
            made.set_weights([np.full((4, 1), 0.1, np.float32), np.zeros(1, np.float32)])
            return made

        by_hand, fitted = model(), model()
        optimizer, loss = optimizers.Adam(0.01), losses.MeanSquaredError()

        @tf.function
        def step(x, y):
            with tf.GradientTape() as tape:
                value = loss(y, by_hand(x, training=True))
            gradients = tape.gradient(value, by_hand.trainable_variables)
            optimizer.apply_gradients(zip(gradients, by_hand.trainable_variables, strict=True))
            return value

        for _ in range(3):
            for x, y in tf.data.Dataset.from_tensor_slices((X, Y)).batch(3):
                step(x, y[:, tf.newaxis])
        fitted.compile(optimizers.Adam(0.01), "mse")
        fitted.fit(X, Y, batch_size=3, epochs=3, shuffle=False, verbose=0)
        for one, other in zip(by_hand.get_weights(), fitted.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)


def test_graphs_of_functions_are_refused_by_name():
    function = tf.function(lambda x: x + 1)
    assert function(tf.constant(1)).item() == 2
    with pytest.raises(NotImplementedError, match=r"no graphs of tf\.function"):
        function.get_concrete_function()


def test_arrays():
    assert tf.constant([1, 2]).dtype == "int32"
    assert tf.constant(1.5, shape=(2, 2)).tolist() == [[1.5, 1.5], [1.5, 1.5]]
    assert tf.cast([1.7, 2.2], tf.int32).tolist() == [1, 2]
    assert tf.concat([[1], [2]], 0).tolist() == [1, 2]
    assert tf.range(3).tolist() == [0, 1, 2]
    assert tf.one_hot([1], 3).tolist() == [[0, 1, 0]]
    assert tf.one_hot([1], 2, on_value=5.0, off_value=-1.0).tolist() == [[-1, 5]]
    assert tf.gather([10, 20, 30], [2, 0]).tolist() == [30, 10]
    assert tf.fill((2,), 7).tolist() == [7, 7]
    assert tf.reduce_mean([[1.0, 3.0]], axis=1, keepdims=True).tolist() == [[2.0]]
    assert tf.boolean_mask([1, 2, 3], [True, False, True]).tolist() == [1, 3]
    assert tf.math.confusion_matrix([0, 1, 1], [0, 1, 0]).tolist() == [[1, 0], [1, 1]]
    clipped, norm = tf.clip_by_global_norm([tf.constant([3.0]), None, tf.constant([4.0])], 1.0)
    assert norm.item() == 5 and clipped[1] is None
    np.testing.assert_allclose(clipped[0].numpy(), [0.6])


def test_devices_texts_and_random_numbers():
    assert tf.config.list_physical_devices("GPU") == []
    assert len(tf.config.list_physical_devices()) == 1
    assert tf.strings.lower(["A b"]).tolist() == ["a b"]
    assert tf.strings.regex_replace(["a<br />b"], "<br />", " ").tolist() == ["a b"]
    assert tf.strings.split("a b").tolist() == ["a", "b"]
    tf.random.set_seed(1)
    first = tf.random.uniform((3,)).tolist()
    tf.random.set_seed(1)
    assert tf.random.uniform((3,)).tolist() == first
    drawn = tf.random.categorical([[0.0, 100.0]], 5)
    assert drawn.tolist() == [[1] * 5]
    assert tf.random.uniform((4,), 0, 3, tf.int32).dtype == "int32"


def test_printing_shows_numbers(capsys):
    tf.print("loss", tf.constant([1.0, 2.0]))
    assert capsys.readouterr().err == "loss [1. 2.]\n"


class TestTexts:
    def test_texts_are_bytes_for_numpy_as_in_tensorflow(self):
        texts = tf.constant(["ab", "ü"])
        assert texts.numpy().tolist() == [b"ab", "ü".encode()]
        assert texts[1].numpy().decode() == "ü"
        assert texts.dtype == tf.string
        batches = tf.data.Dataset.from_tensor_slices((["x", "y"], [1, 0])).batch(2)
        assert [text.numpy().tolist() for text, _ in batches] == [[b"x", b"y"]]

    def test_characters_and_words_are_split_and_joined(self):
        characters = tf.strings.unicode_split("héy", "UTF-8")
        assert characters.data.tolist() == ["h", "é", "y"]
        assert tf.strings.reduce_join(characters).numpy() == "héy".encode()
        assert tf.strings.unicode_split(["ab", "cd"], "UTF-8").to_tensor().shape == (2, 2)
        assert tf.strings.unicode_split(["ab", "c"], "UTF-8").to_list() == [[b"a", b"b"], [b"c"]]
        table = tf.constant([["a", "b"], ["c", "d"]])
        assert tf.strings.reduce_join(table, axis=0).data.tolist() == ["ac", "bd"]
        assert tf.strings.reduce_join(table, axis=1, keepdims=True).shape == (2, 1)
        assert tf.strings.reduce_join(table, separator="-").data.item() == "a-b-c-d"
        assert tf.strings.join([["a", "b"], "!"]).data.tolist() == ["a!", "b!"]
        assert tf.strings.split("one two").data.tolist() == ["one", "two"]

    def test_texts_are_cut_matched_and_read_as_numbers(self):
        assert tf.strings.substr(["hello", "by"], 1, 2).data.tolist() == ["el", "y"]
        assert tf.strings.regex_full_match(["ab1", "ab"], "[a-z]+").tolist() == [False, True]
        assert tf.strings.to_number(["1.5", "-2"]).tolist() == [1.5, -2.0]


def test_sizes_and_ranks_are_tensors():
    assert (tf.size(X).numpy(), tf.rank(X).numpy()) == (24, 2)
    assert tf.size(X).dtype == "int32"


def test_names_that_data_sets_had_while_they_were_new():
    batches = tf.data.Dataset.range(7).batch(2).prefetch(tf.data.experimental.AUTOTUNE)
    assert int(tf.data.experimental.cardinality(batches)) == 4


class TestRaggedRows:
    def test_characters_of_several_texts_become_numbers_and_texts_again(self):
        characters = tf.strings.unicode_split(["abc", "é"], "UTF-8")
        assert characters.shape == (2, None)
        assert characters.row_lengths().tolist() == [3, 1]
        numbers = layers.StringLookup(vocabulary=["a", "b", "é"], mask_token=None)
        ids = numbers(characters)
        assert ids.to_list() == [[1, 2, 0], [3]]
        assert ids.to_tensor().tolist() == [[1, 2, 0], [3, 0, 0]]
        back = layers.StringLookup(
            vocabulary=numbers.get_vocabulary(), invert=True, mask_token=None
        )
        joined = tf.strings.reduce_join(back(ids), axis=-1)
        assert joined.numpy().tolist() == [b"ab[UNK]", "é".encode()]

    def test_rows_are_read_one_by_one(self):
        rows = tf.ragged.constant([[1, 2], [], [3]])
        assert [row.tolist() for row in rows] == [[1, 2], [], [3]]
        assert rows[-1].tolist() == [3] and rows.dtype == "int32"
        assert rows.to_tensor(default_value=-1).tolist() == [[1, 2], [-1, -1], [3, -1]]
        assert [row.tolist() for row in rows.numpy()] == [[1, 2], [], [3]]
        assert repr(rows) == "<tf.RaggedTensor [[1, 2], [], [3]]>"
        with pytest.raises(IndexError, match="one of its 3 rows, got 3"):
            rows[3]
        with pytest.raises(ValueError, match="got deeper lists"):
            tf.ragged.constant([[[1]], [[2]]])

    def test_sparse_values_find_their_places(self):
        mask = tf.SparseTensor(
            values=[-float("inf")] * 2, indices=tf.constant([[0], [2]]), dense_shape=[4]
        )
        assert tf.sparse.to_dense(mask).numpy().tolist() == [-np.inf, 0, -np.inf, 0]
        with pytest.raises(ValueError, match=r"indices of shape \(2, 1\), got \(2,\)"):
            tf.SparseTensor([0, 1], [1.0, 2.0], [3])


def test_shapes_can_be_checked_and_listed():
    tensor = tf.zeros((2, 3))
    tensor.set_shape([None, 3])
    assert tensor.get_shape().as_list() == [2, 3] and tensor.get_shape().rank == 2
    with pytest.raises(ValueError, match=r"a tensor of \(None, 4\), got \(2, 3\)"):
        tensor.set_shape([None, 4])


def test_a_dataset_tells_the_shapes_of_its_elements():
    spec = tf.data.Dataset.from_tensor_slices((X, Y)).batch(4).element_spec
    assert [part.shape for part in spec] == [(4, 4), (4,)]
    assert spec[0].dtype == tf.float32


class TestRunningOthers:
    def test_functions_run_over_elements(self):
        numbers = tf.constant([1.0, 2.0, 3.0])
        assert tf.map_fn(lambda n: n * 2, numbers).tolist() == [2, 4, 6]
        twice, square = tf.map_fn(lambda n: (n * 2, n * n), numbers)
        assert twice.tolist() == [2, 4, 6] and square.tolist() == [1, 4, 9]
        assert tf.scan(lambda total, n: total + n, numbers).tolist() == [1, 3, 6]
        assert tf.scan(lambda total, n: total + n, numbers, 10.0).tolist() == [11, 13, 16]
        assert tf.scan(lambda total, n: total + n, numbers, reverse=True).tolist() == [6, 5, 3]
        assert float(tf.foldl(lambda total, n: total - n, numbers)) == -4
        assert float(tf.foldr(lambda total, n: total - n, numbers)) == 0
        with pytest.raises(ValueError, match="at least one element"):
            tf.map_fn(lambda n: n, tf.zeros((0,)))

    def test_gradients_flow_through_a_scan(self):
        weight = Variable(2.0)
        with tf.GradientTape() as tape:
            last = tf.scan(lambda total, n: total * weight + n, tf.constant([1.0, 1.0, 1.0]))[-1]
        assert float(tape.gradient(last, weight)) == pytest.approx(2 * 2 + 1)

    def test_conditions_choose_a_function(self):
        assert tf.case([(tf.constant(False), lambda: 1), (tf.constant(True), lambda: 2)]) == 2
        assert tf.case([(False, lambda: 1)], default=lambda: 3) == 3
        assert tf.switch_case(tf.constant(1), [lambda: "a", lambda: "b"]) == "b"
        assert tf.switch_case(7, {0: lambda: "a"}, default=lambda: "c") == "c"
        with pytest.raises(ValueError, match=r"tf\.case expected a condition that holds"):
            tf.case([(False, lambda: 1)])
        with tf.control_dependencies([tf.no_op()]):
            assert tf.numpy_function(np.cumsum, [tf.constant([1.0, 2.0])], tf.float32)[1] == 3

    def test_a_tensor_array_grows_and_stacks(self):
        array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for step in range(3):
            array = array.write(step, tf.ones(2) * step)
        assert array.stack().tolist() == [[0, 0], [1, 1], [2, 2]]
        assert array.concat().shape == (6,) and int(array.size()) == 3
        assert array.unstack(tf.constant([[5.0], [6.0]])).read(1).tolist() == [6]
        with pytest.raises(IndexError, match="Nothing has been written to place 1"):
            tf.TensorArray(tf.float32, size=2).read(1)


class TestSinglePlaces:
    def test_places_are_read_and_written(self):
        table = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        assert tf.gather_nd(table, [[0, 1], [1, 0]]).tolist() == [2, 3]
        assert tf.gather_nd(table, [[1]]).tolist() == [[3, 4]]
        assert tf.scatter_nd([[1], [3]], [5.0, 6.0], [4]).tolist() == [0, 5, 0, 6]
        assert tf.tensor_scatter_nd_update([1.0, 2.0], [[0]], [9.0]).tolist() == [9, 2]
        assert tf.tensor_scatter_nd_add(tf.ones(2), [[0], [0]], [2.0, 3.0]).tolist() == [6, 1]
        assert tf.reverse_sequence(table, [1, 2]).tolist() == [[1, 2], [4, 3]]
        assert tf.ensure_shape(table, [None, 2]) is table
        with pytest.raises(ValueError, match="set_shape expected"):
            tf.ensure_shape(table, [3, 2])

    def test_matrices(self):
        a = tf.constant([[1.0, 2.0, 3.0]])
        assert tf.matmul(a, a, transpose_b=True).tolist() == [[14]]
        assert tf.linalg.matmul(a, a, transpose_a=True).shape == (3, 3)
        assert tf.linalg.band_part(tf.ones((3, 3)), -1, 0).tolist() == np.tri(3).tolist()
        assert (
            tf.linalg.band_part(tf.ones((3, 3)), 0, 1).tolist()
            == (np.eye(3) + np.eye(3, k=1)).tolist()
        )
        assert float(tf.linalg.global_norm([a, None, a])) == pytest.approx(28**0.5)
        assert float(tf.nn.l2_loss(a)) == 7


class TestCheckpoints:
    def trained(self):
        model = Sequential([layers.Input((4,)), layers.Dense(1)])
        model.compile(optimizers.Adam(0.1), "mse")
        model.fit(X, Y, epochs=1, verbose=0)
        return model

    def test_a_model_and_its_optimizer_go_on_where_they_were(self, tmp_path):
        model = self.trained()
        checkpoint = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
        path = checkpoint.save(tmp_path / "ck")
        assert path == str(tmp_path / "ck-1") == tf.train.latest_checkpoint(tmp_path)
        other = Sequential([layers.Input((4,)), layers.Dense(1)])
        fresh = optimizers.Adam(0.1)
        status = tf.train.Checkpoint(model=other, optimizer=fresh).restore(path)
        status.assert_consumed().expect_partial()
        for mine, theirs in zip(model.variables, other.variables, strict=False):
            np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
        assert int(fresh.iterations) == int(model.optimizer.iterations) == 1

    def test_a_manager_keeps_the_newest(self, tmp_path):
        number = Variable(0.0)
        checkpoint = tf.train.Checkpoint(number=number)
        manager = tf.train.CheckpointManager(checkpoint, tmp_path, max_to_keep=2)
        assert manager.latest_checkpoint is None
        checkpoint.restore(None)
        for value in range(4):
            number.assign(value)
            manager.save()
        assert [name[-1] for name in manager.checkpoints] == ["3", "4"]
        checkpoint.restore(manager.checkpoints[0])
        assert float(number) == 2

    def test_other_variables_are_refused(self, tmp_path):
        path = tf.train.Checkpoint(item=Variable(1.0)).save(tmp_path / "a")
        with pytest.raises(ValueError, match="item has 2 variables, expected the 1"):
            tf.train.Checkpoint(item=_built()).restore(path)


def _built():
    layer = layers.Dense(2)
    layer.build((None, 3))
    return layer


def test_tables_look_words_up():
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant(["a", "b"]).numpy(), tf.constant([1, 2])),
        default_value=-1,
    )
    assert table.lookup(tf.constant(["b", "x"])).tolist() == [2, -1]
    assert int(table.size()) == 2
    with pytest.raises(ValueError, match="as many values as keys, got 1 for 2"):
        tf.lookup.KeyValueTensorInitializer(["a", "b"], [1])


def test_values_can_be_checked():
    tf.debugging.assert_equal([1, 2], [1, 2])
    tf.debugging.assert_shapes([(tf.ones((2, 3)), ("B", "F")), (tf.ones((2,)), ("B",))])
    with pytest.raises(ValueError, match="sizes differ: expected"):
        tf.debugging.assert_equal([1], [2], message="sizes differ")
    with pytest.raises(ValueError, match=r"expected \('B',\), got \(3,\)"):
        tf.debugging.assert_shapes([(tf.ones((2,)), ("B",)), (tf.ones((3,)), ("B",))])
    with pytest.raises(ValueError, match="expected finite numbers"):
        tf.debugging.check_numerics(tf.constant([np.nan]), "bad")


def test_lines_of_files_are_elements(tmp_path):
    (tmp_path / "a.txt").write_text("one\ntwo\n", encoding="utf-8")
    lines = tf.data.TextLineDataset(str(tmp_path / "a.txt"))
    assert [line.numpy() for line in lines] == [b"one", b"two"]


def test_numbers_are_written_for_tensorboard(tmp_path):
    writer = tf.summary.create_file_writer(tmp_path)
    with writer.as_default():
        assert tf.summary.scalar("loss", tf.constant(0.5), step=3)
    writer.close()
    assert not tf.summary.scalar("loss", 0.5, step=4)
    (path,) = tmp_path.iterdir()
    assert b"loss" in path.read_bytes()


def test_there_are_no_graphics_cards():
    assert tf.test.gpu_device_name() == "" and not tf.test.is_gpu_available()
    tf.get_logger().setLevel("ERROR")


def test_texts_are_split_for_a_layer_as_tensorflow_splits_them():
    layer = layers.TextVectorization(
        standardize=None,
        split=lambda texts: tf.strings.split(texts, sep="|"),
        vocabulary=["foo", "bar"],
    )
    assert layer(["foo|bar", "bar"]).numpy().tolist() == [[2, 3], [3, 0]]
