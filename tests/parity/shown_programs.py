"""Models in the Keras API, and what is shown of them: see `programs.py`."""

import html
import importlib
import re

import numpy as np


def reviews(k):
    L = k.layers
    return k.Sequential(
        [
            k.Input((80,), dtype="int32"),
            L.Embedding(200, 16, mask_zero=True),
            L.Bidirectional(L.LSTM(8, return_sequences=True)),
            L.Dropout(0.3),
            L.TimeDistributed(L.Dense(8, activation="relu")),
            L.GRU(4),
            L.Dense(1, activation="sigmoid"),
        ],
        name="reviews",
    )


def translation(k):
    L = k.layers
    source, target = k.Input((None,), name="source"), k.Input((None,), name="target")
    embedding = L.Embedding(50, 8, name="words")
    _, *states = L.LSTM(16, return_state=True, name="encoder")(embedding(source))
    decoder = L.LSTM(16, return_sequences=True, return_state=True, name="decoder")
    output, _, _ = decoder(embedding(target), initial_state=states)
    return k.Model([source, target], L.Dense(50, activation="softmax")(output), name="translation")


def prices(k):
    L = k.layers
    prices, news = k.Input((20, 4), name="prices"), k.Input((20,), name="news")
    calendar = k.Input((3,), name="calendar")
    x = L.concatenate([L.LSTM(32)(prices), L.GRU(8)(L.Embedding(99, 16)(news)), calendar])
    x = L.Dense(16, activation="relu")(x)
    outputs = {"price": L.Dense(1, name="price")(x), "turn": L.Dense(3, name="turn")(x)}
    return k.Model([prices, news, calendar], outputs, name="prices")


def twins(k):
    L = k.layers
    inner = k.Sequential([k.Input((10, 4)), L.LSTM(6, return_sequences=True)], name="inner")
    tower = k.Sequential([k.Input((10, 4)), inner, L.LSTM(8), L.BatchNormalization()], name="tower")
    tower.layers[1].trainable = False
    a, b = k.Input((8,)), k.Input((8,))
    head = k.Model([a, b], L.Dense(4)(L.subtract([a, b])), name="head")
    left, right = k.Input((10, 4), name="left"), k.Input((10, 4), name="right")
    output = L.Dense(1)(head([tower(left), tower(right)]))
    return k.Model([left, right], output, name="twins")


def attention(k):
    L = k.layers
    inputs = k.Input((30,), name="ids")
    x = L.Bidirectional(L.GRU(4, return_sequences=True))(L.Embedding(100, 8)(inputs))
    x = L.LayerNormalization()(x + L.MultiHeadAttention(2, 4)(x, x))
    pooled = L.Concatenate()([k.ops.mean(x, axis=1), k.ops.max(x, axis=1)])
    return k.Model(inputs, L.Dense(2, activation="softmax")(pooled), name="attention")


def films(k):
    L = k.layers
    return k.Sequential(
        [
            k.Input((None, 8, 8, 1)),
            L.ConvLSTM2D(4, 3, padding="same", return_sequences=True),
            L.BatchNormalization(),
            L.Conv3D(1, 3, padding="same", activation="sigmoid"),
        ],
        name="films",
    )


def frozen(k):
    model = reviews(k)
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    model.fit(np.ones((4, 80), "int32"), np.ones((4, 1)), verbose=0)
    return model


def deferred(k):
    model = k.Sequential([k.layers.LSTM(3), k.layers.Dense(1)], name="deferred")
    model.build((None, 5, 2))
    return model


def unbuilt(k):
    return k.Sequential([k.layers.LSTM(3), k.layers.Dense(1)], name="unbuilt")


def own(k):
    class Encoder(k.layers.Layer):
        def __init__(self):
            super().__init__(name="encoder")
            self.read = k.layers.GRU(4)
            self.narrow = k.layers.Dense(2)

        def call(self, inputs):
            return self.narrow(self.read(inputs))

    class Stated(k.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=(1,), initializer="ones")

        def call(self, inputs):
            return inputs * self.scale

        def compute_output_shape(self, input_shape):
            return input_shape

    class Part(k.Model):
        def __init__(self):
            super().__init__(name="part")
            self.narrow = k.layers.Dense(2)

        def call(self, inputs):
            return self.narrow(inputs)

    class Wide(k.layers.Dense):
        pass

    class Own(k.Model):
        def __init__(self):
            super().__init__(name="own")
            self.encoder = Encoder()
            self.stated = Stated()
            self.part = Part()
            self.wide = Wide(3, name="wide")
            self.out = k.layers.Dense(1)

        def call(self, inputs):
            return self.out(self.wide(self.part(self.stated(self.encoder(inputs)))))

    model = Own()
    model(np.ones((2, 5, 3), "float32"))
    return model


def own_unbuilt(k):
    class Own(k.Model):
        def __init__(self):
            super().__init__(name="own")
            self.out = k.layers.Dense(1)

        def call(self, inputs):
            return self.out(inputs)

    return Own()


MODELS = {
    make.__name__: make
    for make in (
        reviews, translation, prices, twins, attention, films, frozen, deferred, unbuilt, own,
        own_unbuilt,
    )
}  # fmt: skip

SUMMARIES = {
    "plain": {},
    "narrow": {"line_length": 60},
    "all": {"expand_nested": True, "show_trainable": True, "line_length": 110},
    "positions": {"show_trainable": True, "positions": [0.3, 0.5, 0.7, 1.0], "line_length": 120},
}
RANGES = {
    "reviews": ["bidirectional", "gru"],
    "translation": ["words", "decoder"],
    "twins": ["tower", "head"],
    "attention": ["multi.*", "concat.*"],
    "films": ["batch_normalization", "batch_normalization"],
}


def _make(framework, name):
    keras = importlib.import_module(framework)
    keras.backend.clear_session()
    return MODELS[name](keras)


def summaries(framework, name):
    """What `summary` prints of a model, with several arguments."""
    model = _make(framework, name)
    cases = dict(SUMMARIES)
    if name in RANGES:
        cases["range"] = {"layer_range": RANGES[name]}
    texts = {case: _summary(model, arguments) for case, arguments in cases.items()}
    if name == "frozen":  # The count of an optimiser's steps has 8 bytes on TensorFlow, 4 on JAX.
        return {case: re.sub(r"\([\d.]+ KB\)", "", text) for case, text in texts.items()}
    return texts


def _summary(model, arguments):
    lines = []
    model.summary(print_fn=lines.append, **({"line_length": 100} | arguments))
    return "\n".join(lines)


def labels(framework, name):
    """The texts in the boxes of the picture of a model."""
    model = _make(framework, name)
    shown = dict.fromkeys(
        ("show_shapes", "show_dtype", "show_layer_activations", "show_layer_names"), True
    ) | {"show_trainable": True}
    if framework == "keras":
        from keras.src.utils.model_visualization import make_layer_label

        # Keras needs Graphviz to draw, but not to say what.
        is_graph = hasattr(model, "_operations")
        parts = model.layers if not is_graph else model._operations
        parts = parts if name != "own" else [model]
        texts = [re.findall(r"<td.*?</td>", make_layer_label(part, **shown)) for part in parts]
        boxes = [[re.sub(r"<(?!lambda).*?>", "", text) for text in box] for box in texts]
        return sorted(" | ".join(box) for box in boxes)
    svg = importlib.import_module(framework).utils.model_to_dot(model, **shown).to_svg()
    boxes = re.findall(r'<g class="layer".*?</g>', svg, re.DOTALL)
    texts = [re.findall(r"<text.*?>(.*?)</text>", box) for box in boxes]
    return sorted(_joined([html.unescape(text) for text in box]) for box in texts)


def _joined(texts):
    """The texts of a box, each title beside what follows it."""
    cells = [f"{texts[0]} {texts[1]}"]
    for text in texts[2:]:
        if cells[-1].endswith(":"):
            cells[-1] += f" {text}"
        else:
            cells.append(text)
    return " | ".join(cells)
