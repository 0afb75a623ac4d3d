"""Vectors of k-mers of several lengths at once.

Ng, "dna2vec: Consistent vector representations of variable-length k-mers", 2017.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from leftfold.datasets.errors import DataError
from leftfold.datasets.extras import require
from leftfold.engine import config
from leftfold.vectors.container import WordVectors
from leftfold.vectors.encoded import EncodedCorpus
from leftfold.vectors.fasta import read_fasta, reverse_complement, stretches
from leftfold.vectors.methods import Method
from leftfold.vectors.sampled_loss import SampledLoss


class KmerTexts:
    """Genomes as texts of k-mers, sampled anew each time that they are read.

    A genome is cut where bases are uncertain and into fragments; each fragment is read on one of
    its two strands, by chance. A text has one k-mer for each place of a fragment, its length by
    chance, or what is left where the fragment ends.

    Args:
        sequences: of `ACGT` and letters for uncertain bases.
        shortest: length of the shortest k-mers.
        longest: length of the longest k-mers.
        fragment: bases of a fragment.
        seed: of fragments, strands and lengths; texts read again are others, the same for the
            same seed.

    Example:
        >>> texts = KmerTexts(["ACGTTGCANNGATTACA"], shortest=3, longest=4)
        >>> [len(kmer) in (3, 4) for text in texts for kmer in text] == [True] * 11
        True
    """

    def __init__(
        self,
        sequences: list[str],
        shortest: int = 3,
        longest: int = 8,
        fragment: int = 2_000,
        seed: int = 0,
    ) -> None:
        self.parts = [part for sequence in sequences for part in stretches(sequence)]
        self.parts = [part for part in self.parts if len(part) >= shortest]
        self.shortest = shortest
        self.longest = longest
        self.fragment = fragment
        self.seed = seed
        self._readings = 0

    def __iter__(self) -> Iterator[list[str]]:
        random = np.random.default_rng([self.seed, self._readings])
        self._readings += 1
        for part in self.parts:
            first = int(random.integers(min(self.fragment, len(part))))
            cuts = [0, *range(first, len(part), self.fragment), len(part)]
            for start, stop in itertools.pairwise(cuts):
                # A fragment's last k-mers reach into the next, so that every place has one.
                piece = part[start : stop + self.shortest - 1]
                if random.random() < 0.5:
                    piece = reverse_complement(piece)
                places = len(piece) - self.shortest + 1
                lengths = random.integers(self.shortest, self.longest + 1, max(places, 0)).tolist()
                yield [piece[at : at + k] for at, k in enumerate(lengths)]


@dataclass(kw_only=True)
class Dna2Vec(Method):
    """Skip-gram over k-mers of several lengths, by gensim.

    Args:
        dimensions: of the vectors.
        shortest: length of the shortest k-mers.
        longest: length of the longest k-mers.
        window: k-mers before and after one at most; each time a random number of them.
        min_count: how often a k-mer must occur.
        epochs: readings of the genome, sampled anew each time.
        negatives: wrong k-mers to be told from each right one.
        learning_rate: at the beginning; it falls in a straight line.
        fragment: bases that are read on one strand at a time.
        without: k-mers to leave out, so that `compose` can be judged on them; a shorter one that
            begins like it stands in its place.
        seed: with `threads=1`, the same seed gives the same vectors.
        threads: all processors by default.

    Example:
        >>> genome = {"tiny": "ACGTTGCATTACAGGATCCA" * 20}
        >>> method = Dna2Vec(dimensions=8, shortest=2, longest=3, epochs=2, threads=1)
        >>> method.fit(genome)["ACG"].shape
        (8,)
    """

    summary: ClassVar[str] = "k-mers of genomes (FASTA), several lengths in one space"
    reads: ClassVar[str] = "file"
    dimensions: int = 100
    shortest: int = 3
    longest: int = 8
    window: int = 10
    min_count: int = 5
    epochs: int = 10
    negatives: int = 5
    learning_rate: float = 0.025
    fragment: int = 2_000
    without: frozenset[str] = frozenset()
    seed: int = 0
    threads: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.shortest <= self.longest:
            raise ValueError(
                f"Dna2Vec expected 1 <= shortest <= longest, got {self.shortest} and "
                f"{self.longest}."
            )

    def fit(self, corpus: Any) -> WordVectors:
        """Learn the vectors of the k-mers of genomes.

        Args:
            corpus: a FASTA file, or sequences by name as `read_fasta` returns them.

        Returns:
            Vectors of the k-mers, the most frequent first.

        Raises:
            DataError: for a file that is not sound, and when no k-mer occurs `min_count` times.
        """
        given = isinstance(corpus, Mapping)
        genomes = corpus if given else read_fasta(corpus)
        texts = KmerTexts(
            list(genomes.values()), self.shortest, self.longest, self.fragment, self.seed
        )
        sample = EncodedCorpus.of(
            (("genome", kmers) for kmers in self._read(texts)),
            "the list of genomes" if given else str(corpus),
        )
        vocabulary = sample.vocabulary(self.min_count)
        word2vec = require("gensim.models.word2vec", "vectors", "dna2vec")
        model = word2vec.Word2Vec(
            vector_size=self.dimensions,
            window=self.window,
            min_count=self.min_count,
            sg=1,
            negative=self.negatives,
            workers=self.threads or config.threads(),
            seed=self.seed,
        )
        model.build_vocab_from_freq(
            dict(zip(vocabulary.tokens, vocabulary.counts.tolist(), strict=True)),
            corpus_count=len(sample),
        )
        rows = np.array([model.wv.key_to_index[token] for token in vocabulary.tokens])
        objective = SampledLoss(sample, vocabulary, self.window, self.negatives, self.seed)
        rates = np.linspace(self.learning_rate, model.min_alpha, self.epochs + 1)
        self.losses.clear()
        for epoch, (rate, next_rate) in enumerate(itertools.pairwise(rates), 1):
            model.train(
                self._watched(texts, epoch, len(sample)),
                total_words=len(sample.ids),
                epochs=1,
                start_alpha=float(rate),
                end_alpha=float(next_rate),
            )
            loss = objective.of_word(model.wv.vectors[rows], model.syn1neg[rows])
            self.tell(epoch, self.epochs, 1.0, loss)
        return WordVectors(vocabulary.tokens, model.wv.vectors[rows], "dna2vec")

    def _read(self, texts: KmerTexts) -> Iterator[list[str]]:
        for text in texts:
            yield [self._allowed(kmer) for kmer in text] if self.without else text

    def _allowed(self, kmer: str) -> str:
        while kmer in self.without and len(kmer) > self.shortest:
            kmer = kmer[:-1]
        return kmer

    def _watched(self, texts: KmerTexts, epoch: int, count: int) -> Iterator[list[str]]:
        for number, text in enumerate(self._read(texts)):
            if number % 100 == 0:
                self.tell(epoch, self.epochs, min(number / count, 1.0))
            yield text


def compose(vectors: WordVectors, kmer: str) -> np.ndarray:
    """A vector for a k-mer that has none: of all k-mers inside it that have one, the mean.

    Args:
        vectors: of shorter k-mers, or of others of the same length.
        kmer: of `ACGT`.

    Returns:
        (dimensions,); the k-mer's own vector where there is one.

    Raises:
        DataError: when nothing inside of it has a vector.

    Example:
        >>> vectors = WordVectors(["AC", "CG"], [[1.0, 0.0], [0.0, 1.0]])
        >>> compose(vectors, "ACG").tolist()
        [0.5, 0.5]
    """
    for length in range(len(kmer), 0, -1):
        inside = [kmer[at : at + length] for at in range(len(kmer) - length + 1)]
        known = [part for part in inside if part in vectors]
        if known:
            return np.asarray(vectors[known].mean(0))
    raise DataError(f"{vectors.source}: nothing inside of {kmer!r} has a vector.")
