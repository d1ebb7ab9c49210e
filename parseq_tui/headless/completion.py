"""`completion`: a script for bash, zsh or fish, written from the commands and options that the command line has.

File names are left to the shell; the names of examples are asked for when they are needed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

Words = Mapping[str, Mapping[str, Sequence[str]]]
"""Command ("": the editor) → its options, each with what it may be given; "": what may stand right behind it."""

_BASH = """\
_parseq_tui() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" options= values=
  COMPREPLY=()
  if [ "$before" = --from ]; then
    COMPREPLY=($(compgen -W "$(parseq-tui new 2>/dev/null | cut -d' ' -f1)" -- "$word"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
  if [ -n "$values" ]; then
    COMPREPLY=($(compgen -W "$values" -- "$word"))
    return
  fi
  if [ "$COMP_CWORD" = 1 ]; then
    options="$options {commands}"
  fi
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *) if [ "$COMP_CWORD" = 1 ]; then COMPREPLY=($(compgen -W "$options" -- "$word")); fi
       local IFS=$'\\n'
       COMPREPLY+=($(compgen -f -- "$word")) ;;
  esac
}}
complete -o filenames -F _parseq_tui parseq-tui
"""


def completion(arguments: argparse.Namespace) -> int:
    """Write the script to standard output."""
    print(SCRIPTS[arguments.shell](arguments.words()), end="")
    return 0


def _bash(words: Words) -> str:
    cases = [_bash_case(name, options) for name, options in words.items() if name]
    cases.append(_bash_case("*", words[""]))  # the editor, if it is none of the others
    return _BASH.format(cases="\n".join(cases), commands=" ".join(filter(None, words)))


def _bash_case(name: str, options: Mapping[str, Sequence[str]]) -> str:
    """Sets `options` and, where the word before takes one of a few, `values`."""
    given = [(option or name, values) for option, values in options.items() if values]
    inner = " ".join(f'{before}) values="{" ".join(values)}" ;;' for before, values in given)
    choice = f' case "$before" in {inner} esac' if inner else ""
    return f'    {name}) options="{" ".join(filter(None, options))}"{";" if choice else ""}{choice} ;;'


def _zsh(words: Words) -> str:
    return "autoload -U +X bashcompinit && bashcompinit\n" + _bash(words)


def _fish(words: Words) -> str:
    commands = " ".join(filter(None, words))
    lines = [f'complete -c parseq-tui -n __fish_use_subcommand -a "{commands}"']
    for name, options in words.items():
        when = f'"__fish_seen_subcommand_from {name}"' if name else "__fish_use_subcommand"
        for option, values in options.items():
            called = f" -l {option.removeprefix('--')}" if option else ""
            lines.append(
                f"complete -c parseq-tui -n {when}{called}" + (f' -x -a "{" ".join(values)}"' if values else "")
            )
    examples = "(parseq-tui new 2>/dev/null | string split -f1 ' ')"
    lines.append(f'complete -c parseq-tui -n "__fish_seen_subcommand_from new" -l from -x -a "{examples}"')
    return "\n".join(lines) + "\n"


SCRIPTS: Mapping[str, Callable[[Words], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
