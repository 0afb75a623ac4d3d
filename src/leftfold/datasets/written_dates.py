"""Dates as people write them, and as ISO 8601 has them; made by the program, nothing is loaded."""

from __future__ import annotations

import datetime

import numpy as np

_MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
    "de": (
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
        "Oktober", "November", "Dezember",
    ),
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre",
    ),
}  # fmt: skip
_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
}
_FORMS = (
    "{d} {en} {y}",
    "{en} {d}, {y}",
    "{en} {th}, {y}",
    "the {th} of {en} {y}",
    "{en_day}, {en} {d}, {y}",
    "{en_day} {d} {en} {y}",
    "{d}-{en_short}-{y}",
    "{en_short} {d} {y}",
    "{d}. {de} {y}",
    "{de_day}, {d}. {de} {y}",
    "{de_day}, den {d}. {de} {y}",
    "{d}.{m}.{y}",
    "{d:02}.{m:02}.{y}",
    "{d} {fr} {y}",
    "le {d} {fr} {y}",
    "{fr_day} {d} {fr} {y}",
    "{m}/{d}/{y}",
    "{m:02}/{d:02}/{y}",
    "{y}/{m:02}/{d:02}",
    "{y}{m:02}{d:02}",
)
_FIRST = datetime.date(1900, 1, 1).toordinal()
_LAST = datetime.date(2099, 12, 31).toordinal()


def load_data(
    pairs: int = 12_000, held_out: int = 500, seed: int = 812
) -> tuple[tuple[list[str], list[str]], tuple[list[str], list[str]]]:
    """Dates from 1900 to 2099 in English, German, French and numbers, and the same in ISO 8601.

    Days stand before months where dots are between, behind them where slashes are, as is the
    custom. No date of the second part is in the first, in whatever form.

    Args:
        pairs: in the first part.
        held_out: in the second part.
        seed: of dates and forms.

    Returns:
        Two parts, each with written and standard dates.

    Raises:
        ValueError: for fewer than one pair in either part, or more dates than there are.

    Example:
        >>> (written, standard), _ = load_data(3, 1)
        >>> [len(text) for text in standard]
        [10, 10, 10]
    """
    days = _LAST - _FIRST + 1
    if min(pairs, held_out) < 1 or pairs + held_out > days:
        raise ValueError(
            f"load_data expected at least one pair in each part and {days:,} in all, got {pairs} "
            f"and {held_out}."
        )
    generator = np.random.default_rng(seed)
    chosen = generator.choice(days, pairs + held_out, replace=False)
    forms = generator.integers(0, len(_FORMS), len(chosen))
    dates = [datetime.date.fromordinal(_FIRST + int(day)) for day in chosen]
    written = [_write(date, _FORMS[form]) for date, form in zip(dates, forms, strict=True)]
    standard = [date.isoformat() for date in dates]
    return (written[:pairs], standard[:pairs]), (written[pairs:], standard[pairs:])


def _write(date: datetime.date, form: str) -> str:
    names = {code: months[date.month - 1] for code, months in _MONTHS.items()}
    days = {f"{code}_day": week[date.weekday()] for code, week in _DAYS.items()}
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if date.day in (11, 12, 13) else endings.get(date.day % 10, "th")
    return form.format(
        d=date.day,
        m=date.month,
        y=date.year,
        th=f"{date.day}{ending}",
        en_short=names["en"][:3],
        **names,
        **days,
    )
