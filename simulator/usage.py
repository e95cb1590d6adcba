"""What the command line says of a command that cannot be read, in the reader's language.

The parser's own words are English; each of its complaints is said anew from what it knows, never
by translating its sentence.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer
from pydantic import ValidationError
from typer._click import exceptions as parser  # the public module has only one of them
from typer.core import TyperGroup

from simulator.errors import nearest
from simulator.i18n import LANGUAGES, default_language, text

_LANG = "--lang"
#: Complaints about a value, by the checker's name for them, and the limit that each of them knows.
_VALUES = {
    "int_parsing": ("usage.no_integer", None),
    "int_from_float": ("usage.no_integer", None),
    "int_parsing_size": ("usage.no_integer", None),
    "float_parsing": ("usage.no_number", None),
    "greater_than_equal": ("usage.too_small", "ge"),
    "less_than_equal": ("usage.too_large", "le"),
}


class Program(TyperGroup):
    """The program's commands; what it cannot read it says in the language asked for."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command; as `TyperGroup.main`, but for the words of refusals."""
        words = sys.argv[1:] if args is None else args
        lang = asked_language(words)
        if (blank := _blank(words, lang)) and standalone_mode:
            print(text("usage.wrong", lang, what=blank), file=sys.stderr)
            sys.exit(parser.UsageError.exit_code)
        try:
            done = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except parser.ClickException as error:
            if not standalone_mode:
                raise
            print(said(error, lang), file=sys.stderr)
            sys.exit(error.exit_code)
        if standalone_mode:
            sys.exit(done if isinstance(done, int) else 0)
        return done


def asked_language(words: Sequence[str]) -> str:
    """Language that a command asks for, before anything else of it is read."""
    for i, word in enumerate(words):
        name, _, value = word.partition("=")
        value = value or next(iter(words[i + 1 : i + 2]), "")
        if name == _LANG and value in LANGUAGES:
            return value
    return default_language()


def _blank(words: Sequence[str], lang: str) -> str:
    """What is said of the first word that is empty; nothing if none is.

    Taken for a path it would be the folder that the program is started in.
    """
    for i, word in enumerate(words):
        name, _, value = word.partition("=") if word.startswith("--") else ("", "", word)
        if not value.strip() and (not name or "=" in word):
            before = name or (words[i - 1] if i and words[i - 1].startswith("--") else "")
            if before == _LANG:
                continue  # its refusal names the languages that there are
            if before:
                return text("usage.blank_value", lang, name=before)
            return text("usage.blank_word", lang, n=i + 1)
    return ""


def said(error: parser.ClickException, lang: str) -> str:
    """A refusal and where help is, or the help itself where no command was named at all."""
    if isinstance(error, parser.NoArgsIsHelpError):
        return error.format_message()
    words = text("usage.wrong", lang, what=_what(error, lang))
    path = getattr(getattr(error, "ctx", None), "command_path", None)
    return f"{words}\n{text('usage.help', lang, command=path)}" if path else words


def _what(error: parser.ClickException, lang: str) -> str:
    if isinstance(error, parser.NoSuchOption):
        return _unknown("usage.no_option", error.option_name, error.possibilities or (), lang)
    if isinstance(error, parser.MissingParameter):
        option = getattr(error.param, "param_type_name", "") == "option"
        key = "usage.missing_option" if option else "usage.missing_argument"
        return text(key, lang, name=_named(error))
    if isinstance(error, parser.BadOptionUsage):
        key = "usage.flag" if "does not take" in error.message else "usage.no_value"
        return text(key, lang, name=error.option_name)
    if isinstance(error, typer.BadParameter):
        return text("usage.bad_value", lang, name=_named(error), reason=_reason(error, lang))
    return _of_command(error, lang)


def _of_command(error: parser.ClickException, lang: str) -> str:
    """A command that is none, one that is missing, or words too many."""
    ctx = getattr(error, "ctx", None)
    if isinstance(error, parser.UsageError) and ctx is not None:
        group = ctx.command
        if isinstance(group, TyperGroup):
            if "'" not in error.message:
                return text("usage.no_command_named", lang)
            name = "".join(error.message.split("'")[1:2])
            return _unknown("usage.no_command", name, list(group.commands), lang)
        more = error.message.rpartition(" (")[2].removesuffix(")")
        if more:
            return text("usage.too_many", lang, words=more)
    return error.format_message()


def _unknown(key: str, name: str, known: Sequence[str], lang: str) -> str:
    """A name that is none, and the one that comes nearest."""
    close = nearest(name, list(known))
    parts = [text(key, lang, name=name)]
    if close is not None:
        parts.append(text("error.nearest", lang, nearest=close))
    return ("；" if lang == "zh" else "; ").join(parts)


def _named(error: typer.BadParameter) -> str:
    """The option or argument as it is written."""
    hint = error.param_hint
    if isinstance(hint, str):
        return hint
    if error.param is None:
        return ""
    return max(error.param.opts, key=len) if error.param.opts else str(error.param.name)


def _reason(error: typer.BadParameter, lang: str) -> str:
    """What is wrong with a value: ours as it stands, the checker's said anew."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return error.message
    [first, *_] = cause.errors()
    key, limit = _VALUES.get(first["type"], ("usage.not_possible", None))
    shown = {"value": first["input"]} | ({"limit": first["ctx"][limit]} if limit else {})
    return text(key, lang, **shown)
