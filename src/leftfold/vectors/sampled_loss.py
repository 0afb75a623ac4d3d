"""The objective of negative sampling on a fixed sample: one figure an epoch for every method.

gensim sums a loss for word2vec only, and in a float32 that stops growing. Here the same windows and
the same negative words are looked at after each epoch, so that figures can be compared.

Source: T. Mikolov et al., Distributed Representations of Words and Phrases, 2013, equation 4.
"""

from __future__ import annotations

import numpy as np

from leftfold.vectors.encoded import EncodedCorpus, Vocabulary

_SIZE = 5_000
_NOISE_POWER = 0.75


class SampledLoss:
    """Windows of a corpus, and words that do not belong to them.

    Args:
        corpus: the training texts.
        vocabulary: the words that are learnt.
        window: words on either side.
        negatives: wrong words for each right one.
        seed: chooses.

    Attributes:
        texts: in which text each window lies, `(windows,)`.
    """

    def __init__(
        self, corpus: EncodedCorpus, vocabulary: Vocabulary, window: int, negatives: int, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        places = rng.integers(0, len(corpus.ids), 4 * _SIZE)
        centres = vocabulary.rank[corpus.ids[places]]
        text = np.searchsorted(corpus.ends, places, side="right")
        begin = np.concatenate([[0], corpus.ends])[text]
        steps = np.concatenate([np.arange(-window, 0), np.arange(1, window + 1)])
        around = places[:, None] + steps
        inside = (around >= begin[:, None]) & (around < corpus.ends[text][:, None])
        context = vocabulary.rank[corpus.ids[np.where(inside, around, places[:, None])]]
        context = np.where(inside, context, -1)
        kept = np.flatnonzero((centres >= 0) & (context >= 0).any(1))[:_SIZE]
        self.texts = text[kept]
        self._centres, self._context = centres[kept], context[kept]
        noise = vocabulary.counts.astype(float) ** _NOISE_POWER
        self._negatives = rng.choice(len(noise), (len(kept), negatives), p=noise / noise.sum())
        chance = np.where(self._context >= 0, rng.random(self._context.shape), -1)
        self._one = self._context[np.arange(len(kept)), chance.argmax(1)]

    def of_word(self, inputs: np.ndarray, outputs: np.ndarray) -> float:
        """Each centre predicted by one word of its window (skip-gram).

        Args:
            inputs: vectors of words, `(words, dimensions)`.
            outputs: vectors of words to be predicted, `(words, dimensions)`.
        """
        return self._loss(inputs[self._one], outputs)

    def of_window(
        self, inputs: np.ndarray, outputs: np.ndarray, texts: np.ndarray | None = None
    ) -> float:
        """Each centre predicted by the mean of its window (CBOW), and of its text (PV-DM).

        Args:
            inputs: as above.
            outputs: as above.
            texts: vectors of the windows' texts, `(windows, dimensions)`.
        """
        known = self._context >= 0
        total = (inputs[self._context] * known[:, :, None]).sum(1)
        count = known.sum(1)
        if texts is not None:
            total, count = total + texts, count + 1
        return self._loss(total / count[:, None], outputs)

    def of_text(self, texts: np.ndarray, outputs: np.ndarray) -> float:
        """Each centre predicted by its text (PV-DBOW)."""
        return self._loss(texts, outputs)

    def _loss(self, made: np.ndarray, outputs: np.ndarray) -> float:
        if not len(made):
            return 0.0
        right = np.einsum("nd,nd->n", made, outputs[self._centres])
        wrong = np.einsum("nd,nkd->nk", made, outputs[self._negatives])
        # A negative that happens to be the centre is skipped, as in training.
        counted = self._negatives != self._centres[:, None]
        return float(np.mean(np.logaddexp(0, -right) + (np.logaddexp(0, wrong) * counted).sum(1)))
