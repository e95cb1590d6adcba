"""The page of the backtest, which is kept in English, in another language by the same messages."""

from __future__ import annotations

import functools
import re

from simulator.i18n import catalogue, placeholders, text

_FAMILY = "accuracy."
_LINE = re.compile(r"(#+ |- |\*\*|)(.*?)(\*\*|)")
_CHANGE = re.compile(r"\((merged|received|ceded)\)")
_FIELD = re.compile(r"\\{(\w+)\\}")
#: Placeholders that stand for a figure, which has no space within it.
_FIGURES = ("theirs", "ours")


def in_language(page: str, lang: str) -> str:
    """A page of `report.accuracy.accuracy_page` in English, in ``lang``.

    What no message says, such as a figure or the name of a county, stays as it is.
    """
    return page if lang == "en" else "\n".join(_line(line, lang) for line in page.split("\n"))


def _line(line: str, lang: str) -> str:
    if line.startswith("| "):
        cells = (_words(cell.strip(), lang) for cell in line.strip("|").split("|"))
        return f"| {' | '.join(cells)} |"
    whole = _LINE.fullmatch(line)
    assert whole is not None  # any line fits
    before, words, after = whole.groups()
    return f"{before}{_words(words, lang)}{after}"


def _words(words: str, lang: str) -> str:
    """Words by the message that they are made of, and so what stands in its placeholders."""
    for key, pattern in _patterns():
        found = pattern.fullmatch(words)
        if found is not None:
            return text(key, lang, **{k: _words(v, lang) for k, v in found.groupdict().items()})
    return _CHANGE.sub(lambda m: f"({text(f'accuracy.change.{m[1]}', lang)})", words)


@functools.cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """English messages as patterns; those without placeholders first, as they say most."""
    messages = {k: v for k, v in catalogue("en").items() if k.startswith(_FAMILY)}
    ordered = sorted(messages.items(), key=lambda item: len(placeholders(item[1])))
    return tuple((key, re.compile(_FIELD.sub(_field, re.escape(words)))) for key, words in ordered)


def _field(found: re.Match[str]) -> str:
    width = r"\S+" if found[1] in _FIGURES else ".+?"
    return f"(?P<{found[1]}>{width})"
