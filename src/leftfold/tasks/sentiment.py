"""`Sentiment`: a vocabulary and a recurrent network that judge whether a text is positive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leftfold import layers
from leftfold.callbacks import Callback, EarlyStopping, History
from leftfold.models import Model, load_model
from leftfold.optimizers import Adam
from leftfold.optimizers.schedules import CosineDecay
from leftfold.preprocessing.sequence import pad_sequences
from leftfold.preprocessing.text import Tokenizer, tokenizer_from_json

Labelled = tuple[Sequence[str], np.ndarray]


class Sentiment:
    """Judges texts by reading them word by word, in both directions.

    The smallest example of a task, and the network of `leftfold demo`, whose file Keras opens as
    well; `SequenceClassifier` splits, judges, explains and saves by itself.

    Args:
        tokenizer: gives words their numbers; with an `oov_token` and `num_words`.
        network: from word numbers `(texts, words)`, padded with 0 before, to the probability
            `(texts, 1)` that a text is positive.
        longest: words of a text that are read, its last ones.

    Example:
        >>> sentiment = Sentiment.untrained(["good film", "bad film"], longest=5)
        >>> sentiment.probability(["good", "never seen"]).shape
        (2,)
    """

    def __init__(self, tokenizer: Tokenizer, network: Any, longest: int) -> None:
        self.tokenizer = tokenizer
        self.network = network
        self.longest = longest

    @classmethod
    def untrained(cls, texts: Sequence[str], words: int = 20_000, longest: int = 400) -> Sentiment:
        """A network with random weights over the most frequent words of `texts`.

        Args:
            texts: the training texts, and only those.
            words: size of the vocabulary, with padding and the mark for unknown words.
            longest: words of a text that are read.
        """
        tokenizer = Tokenizer(num_words=words, oov_token="[unknown]")
        tokenizer.fit_on_texts(texts)
        vocabulary = min(words, len(tokenizer.word_index) + 1)
        numbers = layers.Input((None,), dtype="int32", name="words")
        vectors = layers.Embedding(vocabulary, 64, mask_zero=True)(numbers)
        vectors = layers.SpatialDropout1D(0.5)(vectors)
        states = layers.Bidirectional(layers.LSTM(32, return_sequences=True))(vectors)
        strongest = layers.GlobalMaxPooling1D()(states)
        average = layers.GlobalAveragePooling1D()(states)
        summary = layers.Dropout(0.5)(layers.Concatenate()([strongest, average]))
        positive = layers.Dense(1, activation="sigmoid")(summary)
        network = Model(numbers, positive, name="sentiment")
        return cls(tokenizer, network, longest)

    def numbers(self, texts: Sequence[str]) -> np.ndarray:
        """Texts as word numbers `(texts, longest)`, int32, 0 before a short text."""
        return pad_sequences(self.tokenizer.texts_to_sequences(texts), self.longest)

    def fit(
        self,
        train: Labelled,
        validation: Labelled,
        epochs: int = 2,
        batch_size: int = 64,
        callbacks: Sequence[Callback] = (),
        verbose: int | str = "auto",
    ) -> History:
        """Train, and keep the weights of the epoch that does best on the validation texts.

        Args:
            train: texts and labels (1 positive, 0 negative) to learn from.
            validation: others, to choose the epoch by.
            epochs: passes over the training texts.
            batch_size: texts in a step.
            callbacks: further callbacks.
            verbose: as in `Model.fit`.
        """
        steps = -(-len(train[0]) // batch_size) * epochs
        optimizer = Adam(CosineDecay(3e-3, steps, alpha=0.05))
        self.network.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
        best = EarlyStopping("val_accuracy", patience=epochs, restore_best_weights=True)
        history: History = self.network.fit(
            self.numbers(train[0]),
            train[1],
            batch_size,
            epochs,
            verbose,
            [best, *callbacks],
            validation_data=(self.numbers(validation[0]), validation[1]),
        )
        return history

    def probability(self, texts: Sequence[str]) -> np.ndarray:
        """How probably each text is positive, `(texts,)`."""
        predicted: np.ndarray = self.network.predict(self.numbers(texts), 256, verbose=0)
        return predicted[:, 0]

    def accuracy(self, texts: Sequence[str], labels: np.ndarray) -> float:
        """The share of texts judged as their labels say."""
        return float(np.mean((self.probability(texts) > 0.5) == labels))

    def save(self, path: Path) -> tuple[Path, Path]:
        """Write the network to `path` and the vocabulary beside it.

        Args:
            path: ends in `.keras`; Keras can open it as well.

        Returns:
            `path` and that of the vocabulary, `NAME.vocabulary.json`, which
            `tokenizer_from_json` reads.
        """
        vocabulary = _vocabulary_path(path)
        content = json.loads(_without_rare_words(self.tokenizer).to_json())
        self.network.save(path)
        vocabulary.write_text(json.dumps({**content, "longest": self.longest}), encoding="utf-8")
        return path, vocabulary

    @classmethod
    def load(cls, path: Path | str) -> Sentiment:
        """What `save` wrote: the `.keras` file at `path`, and the vocabulary beside it."""
        vocabulary = _vocabulary_path(Path(path)).read_text(encoding="utf-8")
        longest = json.loads(vocabulary)["longest"]
        return cls(tokenizer_from_json(vocabulary), load_model(path), longest)


def _vocabulary_path(path: Path) -> Path:
    return path.with_name(path.stem + ".vocabulary.json")


def _without_rare_words(tokenizer: Tokenizer) -> Tokenizer:
    """A tokenizer that forgot the words which `num_words` excludes."""
    limit = tokenizer.num_words or len(tokenizer.word_index) + 1
    kept = tokenizer_from_json(tokenizer.to_json())
    kept.word_index = {word: i for word, i in kept.word_index.items() if i < limit}
    kept.index_word = {i: word for i, word in kept.index_word.items() if i < limit}
    kept.index_docs = {i: count for i, count in kept.index_docs.items() if i < limit}
    kept.word_counts = {w: c for w, c in kept.word_counts.items() if w in kept.word_index}
    kept.word_docs = {w: c for w, c in kept.word_docs.items() if w in kept.word_index}
    return kept
