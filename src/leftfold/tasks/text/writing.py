"""What a fitted `TextGenerator` can write."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from leftfold.streaming import Stepper, beam_search, compile, generate, generate_batch
from leftfold.tasks.text import network
from leftfold.tasks.text.tokens import Tokens


class Writing:
    """Sampling and predicting; mixed into `TextGenerator`.

    Attributes:
        model_: from token ids to logits.
        tokens_: the vocabulary.
        unwritten_: ids that are never chosen.
    """

    model_: Any
    tokens_: Tokens
    unwritten_: list[int]
    _writer: Stepper | None

    def _check_fitted(self) -> None:
        raise NotImplementedError

    def stepper(self) -> Stepper:
        """The network compiled for writing.

        It never chooses the unknown token, nor one that the training text does not have.
        """
        self._check_fitted()
        if self._writer is None:
            self._writer = compile(network.without(self.model_, self.unwritten_))
        return self._writer

    def stream(
        self,
        prompt: str = "",
        length: int = 200,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> Iterator[str]:
        """Go on with a prompt, piece by piece, each as soon as it is chosen.

        Args:
            prompt: what the network reads first; without one it begins a line.
            length: how many tokens to write.
            temperature: 0 always takes the likeliest token, 1 chooses by probability, less than
                1 prefers likely ones.
            top_k: choose among so many of the likeliest tokens.
            top_p: choose among the likeliest tokens that together have this probability.
            seed: fixes the choices.
        """
        ids = generate(self.stepper(), self._read(prompt), length, temperature, top_k, top_p, seed)
        return self.tokens_.stream(ids)

    def sample(
        self,
        prompt: str | Sequence[str] = "",
        length: int = 200,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        beams: int | None = None,
        seed: int | None = None,
    ) -> Any:
        """Go on with a prompt, or with many at the same time.

        Args:
            prompt: a text, or several.
            length: how many tokens to write.
            temperature: as in `stream`.
            top_k: as in `stream`.
            top_p: as in `stream`.
            beams: search for the likeliest continuation with so many beams instead of choosing
                by chance.
            seed: fixes the choices.

        Returns:
            The new text without the prompt, or a list of such.
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        read = [self._read(one) for one in prompts]
        if beams is not None:
            if temperature != 1 or top_k is not None or top_p is not None:
                raise ValueError("sample expected beams without temperature, top_k and top_p.")
            found = [beam_search(self.stepper(), ids, length, beams)[0][0] for ids in read]
        elif len(read) == 1:
            one = generate(self.stepper(), read[0], length, temperature, top_k, top_p, seed)
            found = [list(one)]
        else:
            steps = generate_batch(self.stepper(), read, length, temperature, top_k, top_p, seed)
            found = np.array(list(steps), np.int64).reshape(-1, len(read)).T.tolist()
        texts = [self.tokens_.decode(ids) for ids in found]
        return texts[0] if isinstance(prompt, str) else texts

    def predict(self, X: str | Sequence[str]) -> list[str]:
        """The likeliest next token of each text."""
        self._check_fitted()
        pieces = self.tokens_.pieces()
        return [pieces[number] for number in self.predict_proba(X).argmax(1)]

    def predict_proba(self, X: str | Sequence[str]) -> np.ndarray:
        """The probability of every token to come next, `(texts, vocabulary)`."""
        self._check_fitted()
        texts = [X] if isinstance(X, str) else list(X)
        logits = [
            self.model_.predict_on_batch(np.array([self._read(text)]))[0, -1] for text in texts
        ]
        shares = np.exp(logits - np.max(logits, axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(1, keepdims=True))

    def _read(self, prompt: str) -> list[int]:
        """A prompt's ids, or for an empty one those of a new line."""
        self._check_fitted()
        ids = self.tokens_.encode(prompt).tolist() or self.tokens_.encode("\n").tolist()
        return [int(number) for number in ids]

    @property
    def tokens_per_second(self) -> float:
        """How fast the network writes one text on this machine."""
        stepper, prompt = self.stepper(), self._read("")
        begin = time.perf_counter()
        count = sum(1 for _ in generate(stepper, prompt, 300, seed=0))
        return count / max(time.perf_counter() - begin, math.ulp(1.0))
