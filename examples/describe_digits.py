"""One to many: pictures of digits described in words, letter by letter; films of them, too.

A picture becomes the state in which a GRU begins to write (scikit-learn's 1,797 handwritten digits
of 8 by 8 pixels; a fifth is never seen in training). It writes until the end sign. Three ways to
show the writer what it writes about: as its first state, at every step beside the letter
(`RepeatVector`), and both.

Then films: four digits one after the other, eight frames each with noise in front and behind, and
at every frame the word of what is seen, or nothing: many to many, with a clip's frames read by a
`TimeDistributed` picture reader and a `Bidirectional` one in time.
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.datasets import load_digits

import leftfold
from leftfold import Model, layers, ops

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
END, START = 0, 1
LETTERS = sorted(set("".join(WORDS)))
CODES = {letter: number for number, letter in enumerate(LETTERS, 2)}
SIZE, LONGEST = len(LETTERS) + 2, max(map(len, WORDS)) + 1
FRAMES, DIGITS_IN_CLIP, NOTHING = 8, 4, 10


def pictures() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures `(rows, 64)` and digits, to learn from and to be judged by."""
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    x, y = (found.data / 16).astype("float32")[order], found.target[order]
    cut = len(x) * 4 // 5
    return x[:cut], y[:cut], x[cut:], y[cut:]


def spelt(digits: np.ndarray) -> np.ndarray:
    """The letters of each digit's word with the end sign behind, `(rows, LONGEST)`."""
    found = np.full((len(digits), LONGEST), END)
    for row, digit in enumerate(digits):
        found[row, : len(WORDS[digit])] = [CODES[letter] for letter in WORDS[digit]]
    return found


def word(codes: np.ndarray) -> str:
    """Letters up to the end sign."""
    end = np.flatnonzero(codes == END)
    return "".join(LETTERS[code - 2] for code in codes[: end[0] if len(end) else None])


class Writer:
    """A network that writes what it sees, and the two models that let it write by itself.

    Args:
        shown: `"state"`, `"every step"` or `"both"`: how the picture is shown to the writer.
        units: of the writer.
    """

    def __init__(self, shown: str, units: int = 64) -> None:
        self.at_start, self.at_steps = shown != "every step", shown != "state"
        picture = layers.Input((64,), name="picture")
        letters = layers.Input((None,), dtype="int32", name="letters")
        state = layers.Input((units,), name="state")
        look = layers.Dense(units, "relu", name="look")
        begin = layers.Dense(units, "tanh", name="first_state")
        embed = layers.Embedding(SIZE, 16, name="letter_vectors")
        gru = layers.GRU(units, return_sequences=True, return_state=True, name="writer")
        say = layers.Dense(SIZE, name="next_letter")

        def write(seen, letters, state, steps):
            vectors = embed(letters)
            if self.at_steps:
                again = layers.RepeatVector(steps)(seen)
                vectors = layers.Concatenate()([vectors, again])
            outputs, last = gru(vectors, initial_state=state)
            return say(outputs), last

        seen = look(picture)
        first = begin(seen) if self.at_start else ops.zeros_like(seen)
        self.training = Model([picture, letters], write(seen, letters, first, LONGEST)[0])
        self.look = Model(picture, [seen, first])
        vector = layers.Input((units,), name="seen")
        self.step = Model([vector, letters, state], write(vector, letters, state, 1))
        loss = leftfold.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.training.compile(leftfold.optimizers.Adam(3e-3), loss)

    def fit(self, x: np.ndarray, digits: np.ndarray, epochs: int) -> None:
        """Learn to write each letter, given the picture and the right letters before it."""
        y = spelt(digits)
        before = np.concatenate([np.full((len(y), 1), START), y[:, :-1]], axis=1)
        # What stands behind the end sign does not count.
        counts = np.cumsum(before == END, axis=1) == 0
        self.training.fit([x, before], y, 32, epochs, sample_weight=counts, verbose=0)

    def describe(self, x: np.ndarray) -> list[str]:
        """Write about pictures, each letter given those that were written."""
        seen, state = self.look.predict(x, verbose=0)
        letters = np.full((len(x), 1), START)
        written = []
        for _ in range(LONGEST):
            logits, state = self.step.predict([seen, letters, state], 512, verbose=0)
            letters = logits[:, -1].argmax(-1)[:, None]
            written.append(letters)
        return [word(codes) for codes in np.concatenate(written, axis=1)]


def clips(
    x: np.ndarray, digits: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Films `(count, frames, 64)` of digits with frames of noise between, and what each shows."""
    random = np.random.default_rng(seed)
    steps = DIGITS_IN_CLIP * FRAMES
    films = random.uniform(0, 1, (count, steps, 64)).astype("float32")
    shows = np.full((count, steps), NOTHING)
    for clip in range(count):
        for place in range(DIGITS_IN_CLIP):
            begin = place * FRAMES + random.integers(0, 4)
            end = begin + random.integers(2, 5)
            chosen = random.integers(len(x))
            noise = random.normal(0, 0.4, (end - begin, 64))
            films[clip, begin:end] = np.clip(x[chosen] + noise, 0, 1)
            shows[clip, begin:end] = digits[chosen]
    return films, shows


def film_reader() -> Model:
    frames = layers.Input((None, 64))
    seen = layers.TimeDistributed(layers.Dense(64, "relu"))(frames)
    read = layers.Bidirectional(layers.GRU(32, return_sequences=True))(seen)
    says = layers.TimeDistributed(layers.Dense(NOTHING + 1, "softmax"))(read)
    model = Model(frames, says)
    adam = leftfold.optimizers.Adam(3e-3)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def told(shows: np.ndarray) -> str:
    """What a film shows, frame by frame, each word once."""
    changes = np.flatnonzero(np.diff(shows, prepend=-1))
    names = [*WORDS, "-"]
    return " ".join(names[shows[at]] for at in changes)


def main(quick: bool = False) -> dict[str, float]:
    x, digits, test_x, test_digits = pictures()
    epochs, count = (2, 60) if quick else (20, 1000)
    found = {}
    for shown in ("state", "every step", "both"):
        leftfold.utils.set_random_seed(1)
        writer = Writer(shown)
        writer.fit(x, digits, epochs)
        words = writer.describe(test_x)
        right = np.mean([w == WORDS[digit] for w, digit in zip(words, test_digits, strict=True)])
        known = np.mean([w in WORDS for w in words])
        print(
            f"picture as {shown:10}  {right:.3f} of {len(words)} words right, "
            f"{known:.3f} are words of digits"
        )
        found[shown] = float(right)
    wrong = [(w, d) for w, d in zip(words, test_digits, strict=True) if w != WORDS[d]][:5]
    print("mistakes:", ", ".join(f"{w!r} for {WORDS[d]}" for w, d in wrong) or "none")

    leftfold.utils.set_random_seed(1)
    reader = film_reader()
    reader.fit(*clips(x, digits, count, 1), 32, 2 if quick else 15, verbose=0)
    films, shows = clips(test_x, test_digits, 200, 2)
    says = reader.predict(films, verbose=0).argmax(-1)
    found["frames"] = float(np.mean(says == shows))
    found["clips"] = float(np.mean((says == shows).all(1)))
    print(f"frames of films  {found['frames']:.3f} right, {found['clips']:.3f} of films throughout")
    print("seen: ", told(shows[0]))
    print("told: ", told(says[0]))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds, less to see")
    main(parser.parse_args().quick)
