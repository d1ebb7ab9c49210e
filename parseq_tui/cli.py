"""The command line: the one place that chooses exit codes and prints errors. Its words are in `subcommands`.

Exit codes: 0 fine · 1 the document or the render has errors · 2 usage · 130 interrupted.
What each command does lives in `headless`; the editor is built by `wiring`. Both are imported when needed, so that
`--help` is instant and no command loads what it does not use.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import parseq_tui
from parseq_tui.errors import DocumentError, ParseqError, UsageError, did_you_mean
from parseq_tui.paths import bundled
from parseq_tui.subcommands import COMMANDS, GROUPS, Command

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = _parse(words)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except ParseqError as error:
        print(describe(error), file=sys.stderr)
        return USAGE if isinstance(error, UsageError) else FAILED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader (head, less) has what it wanted; keep Python from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:  # where nobody expected it: which file, and what the system says of it
        print(describe(ParseqError(f"{error.filename or 'system'}: {error.strerror or error}")), file=sys.stderr)
        return FAILED


def describe(error: ParseqError) -> str:
    """The words for an error: where, what, how to mend it."""
    place = ""
    if isinstance(error, DocumentError) and error.path is not None:
        position = [str(part) for part in (error.line, error.column) if part is not None]
        place = ":".join([str(error.path), *position]) + ": "
    lines = [f"{place}error: {error.message}"]
    if error.hint:
        lines.append(f"  {error.hint}")
    return "\n".join("".join(ch if ch.isprintable() else " " for ch in line) for line in lines)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong and where help is, and leaves the long usage to `--help`."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: error: {message}\n  `{self.prog} --help` says more\n")


def _parse(words: Sequence[str]) -> argparse.Namespace:
    if words and words[0] in COMMANDS:
        rest = words[1:]
        if words[0] == "eval":  # a formula may begin with a minus, which argparse would take for an option
            rest = [f" {word}" if word[:1] == "-" and word[1:2] not in ("", "-", "h") else word for word in rest]
        return _command_parser(COMMANDS[words[0]]).parse_args(rest)
    parser = _editor_parser()
    if words and not words[0].startswith("-"):
        _refuse_mistyped_command(parser, Path(words[0]))
    return parser.parse_args(words)


def _editor_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="parseq-tui",
        usage="parseq-tui [DOC] [--read-only] [--theme NAME] [--no-mouse]\n       parseq-tui COMMAND …",
        description="Sequence Stable Diffusion parameters and render the video.\n"
        "With a document, or with nothing, it opens the editor.",
        epilog=_about_commands(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("document", nargs="?", type=Path, metavar="DOC", help="the document to edit")
    parser.add_argument("--read-only", action="store_true", help="look, but never write the document")
    themes = sorted(path.stem for path in bundled("themes").glob("*.toml"))
    parser.add_argument("--theme", metavar="NAME", help=f"{', '.join(themes)}, or one of your own")
    parser.set_defaults(themes=themes)
    parser.add_argument("--no-mouse", dest="mouse", action="store_false", help="leave the mouse to the terminal")
    parser.add_argument("--version", action="version", version=f"parseq-tui {parseq_tui.__version__}")
    parser.set_defaults(run=_edit)
    return parser


def _about_commands() -> str:
    """The commands by what they are about, and what holds for all of them."""
    width = shutil.get_terminal_size().columns - 2
    lines = []
    for group, title in GROUPS.items():
        lines.append(f"{title}:")
        for command in COMMANDS.values():
            if command.group == group:
                lines += textwrap.wrap(f"  {command.name:10} {command.help}", width, subsequent_indent=" " * 13)
        lines.append("")
    lines += [
        "`parseq-tui COMMAND --help` says more about each. The first steps:",
        "  parseq-tui new                              the examples",
        "  parseq-tui new dance.json --from showcase   a copy of one",
        "  parseq-tui dance.json                       the editor",
        "",
        "exit codes:",
        "  0 fine   1 the document or the render has errors   2 wrong words typed",
        "  130 interrupted; what is rendered is kept",
        "environment:",
        "  PARSEQ_TUI_HOME moves settings and recovery files, NO_COLOR drops colours",
    ]
    return "\n".join(lines)


def _command_parser(command: Command) -> argparse.ArgumentParser:
    examples = command.example.splitlines()
    parser = _Parser(
        prog=f"parseq-tui {command.name}",
        description=command.help,
        epilog="\n  ".join(["example:" if len(examples) == 1 else "examples:", *examples]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    for add in command.arguments:
        add(parser)
    parser.set_defaults(run=command.run, words=_words)
    return parser


def _words() -> dict[str, dict[str, list[str]]]:
    """What a shell completes: every command ("" for the editor) with its options, each with the words it may be given.

    What stands under "" among the options may stand right behind the command.
    """
    editor = _editor_parser()
    words = {
        name: _options(parser)
        for name, parser in [("", editor), *((name, _command_parser(one)) for name, one in COMMANDS.items())]
    }
    words[""]["--theme"] = editor.get_default("themes")
    return words


def _options(parser: argparse.ArgumentParser) -> dict[str, list[str]]:
    return {
        word: list(map(str, action.choices or ()))
        for action in parser._actions
        for word in action.option_strings or [""]
        if word.startswith("--") or (not word and action.choices)
    }


def _edit(arguments: argparse.Namespace) -> int:
    from parseq_tui.wiring import run_editor

    return run_editor(arguments.document, read_only=arguments.read_only, theme=arguments.theme, mouse=arguments.mouse)


def _refuse_mistyped_command(parser: argparse.ArgumentParser, document: Path) -> None:
    """`parseq-tui redner` means a command: no document is called that."""
    if document.suffix or document.exists():
        return
    hint = did_you_mean(str(document), COMMANDS, otherwise=f"commands: {', '.join(COMMANDS)}")
    parser.error(f"there is no command and no document called {str(document)!r}; {hint}")
