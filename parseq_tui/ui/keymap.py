"""Which keys run which command: data, with the user's overrides on top.

Keys are Textual's names; a sequence is written with spaces ("space r a"). Only keys that legacy terminals, tmux and SSH
really send are bound by default; Alt+letter is not among them (it costs a delay), and Escape is never the only way.

>>> Keymap(DEFAULT_KEYS).step(("space",)).commands["t"]
'pane.table'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from textual.keys import Keys, _character_to_key

from parseq_tui.errors import SettingsError, did_you_mean

DEFAULT_KEYS: Mapping[str, tuple[str, ...]] = {
    # move
    "cursor.up": ("up", "k"),
    "cursor.down": ("down", "j"),
    "cursor.left": ("left", "h"),
    "cursor.right": ("right", "l"),
    "cursor.page_up": ("pageup",),
    "cursor.page_down": ("pagedown",),
    "cursor.row_start": ("home",),
    "cursor.row_end": ("end",),
    "cursor.first_row": ("ctrl+home", "g g"),
    "cursor.last_row": ("ctrl+end", "G"),
    "cursor.previous_field": ("ctrl+left", "H"),
    "cursor.next_field": ("ctrl+right", "L"),
    "cursor.previous_keyframe": ("ctrl+up", "K"),
    "cursor.next_keyframe": ("ctrl+down", "J"),
    "cursor.previous_label": ("left_square_bracket",),
    "cursor.next_label": ("right_square_bracket",),
    "go.frame": ("g f",),
    "go.beat": ("g b",),
    "go.time": ("g t",),
    "go.column": ("g c",),
    "go.error": ("g e",),
    "go.next_beat": ("w", "g n"),
    "go.previous_beat": ("W", "g p"),
    "find.text": ("slash",),
    "find.next": ("n",),
    "find.previous": ("N",),
    # edit
    "cell.edit": ("enter", "f2"),
    "cell.formula": ("equals_sign",),
    "cell.clear": ("delete", "d", "backspace"),
    "cell.retype": ("c",),
    "cell.repeat": ("r",),
    "cell.outside": ("e",),
    "cell.compute": ("asterisk",),
    "interpolation.cycle": ("i",),
    "nudge.down": ("less_than_sign", "alt+down"),
    "nudge.up": ("greater_than_sign", "alt+up"),
    "nudge.far_down": ("left_curly_bracket",),
    "nudge.far_up": ("right_curly_bracket",),
    "nudge.fine_down": ("left_parenthesis",),
    "nudge.fine_up": ("right_parenthesis",),
    # rows
    "row.insert_after": ("o",),
    "row.insert_before": ("O",),
    "row.insert_at": ("a",),
    "row.delete": ("D",),
    "row.move": ("T",),
    "row.label": ("m",),
    "row.stretch": ("b t",),
    "row.every": ("b k",),
    "bulk.set": ("b s",),
    "bulk.compute": ("b c",),
    "bulk.replace": ("b r",),
    "bulk.label": ("b l",),
    "bulk.delete": ("b d",),
    # select
    "select.up": ("shift+up",),
    "select.down": ("shift+down",),
    "select.left": ("shift+left",),
    "select.right": ("shift+right",),
    "select.block": ("v",),
    "select.rows": ("V",),
    "select.columns": ("C",),
    "select.all": ("percent_sign",),
    "select.none": ("escape",),
    # copy and fill
    "clipboard.copy": ("y",),
    "clipboard.copy_table": ("Y",),
    "clipboard.cut": ("x",),
    "clipboard.paste": ("p", "P p"),
    "clipboard.paste_values": ("P v",),
    "clipboard.paste_formulas": ("P f",),
    "clipboard.paste_numbers": ("P n",),
    "clipboard.paste_transposed": ("P t",),
    "clipboard.paste_rows": ("P r",),
    "fill.down": ("f d",),
    "fill.up": ("f u",),
    "fill.linear": ("f l",),
    "fill.series": ("f s",),
    "fill.expression": ("f e",),
    "fill.keys": ("f k",),
    # view
    "view.hide_field": ("z h",),
    "view.show_fields": ("z a",),
    "view.fold_group": ("z g",),
    "view.field_left": ("z left", "z H"),
    "view.field_right": ("z right", "z L"),
    "view.wider": ("z plus",),
    "view.narrower": ("z minus",),
    "view.width": ("z w",),
    "view.formulas": ("z i",),
    "view.position": ("z t",),
    "view.column_curves": ("z s",),
    "view.centre": ("z z",),
    "view.glyphs": ("z b",),
    "view.grouping": ("z p",),
    "view.plot": ("t",),
    # prompts: in their pane they have keys of their own
    "prompt.earlier": (),
    "prompt.later": (),
    "prompt.split": (),
    "prompt.duplicate": (),
    "prompt.spread": (),
    "prompt.import": (),
    "prompt.rows": (),
    # sound
    "sound.keyframes": ("space a k",),
    "sound.series": ("space a s",),
    "sound.tempo": ("space a t",),
    "sound.length": ("space a l",),
    "sound.heard": ("space a h",),
    "sound.tap": ("space a a",),
    "series.import": ("space a i",),
    "series.remove": ("space a d",),
    # panes
    "pane.next": ("tab", "f6"),
    "pane.previous": ("shift+tab",),
    "pane.table": ("space t",),
    "pane.curves": ("space c",),
    "pane.prompts": ("space p",),
    "pane.render": ("space r r",),
    "pane.problems": ("space e",),
    "pane.maximise": ("space m",),
    # render
    "render.all": ("space r a", "f5"),
    "render.selection": ("space r s",),
    "render.frame": ("space r p",),
    "render.draft": ("space r d",),
    "render.forecast": ("space r w",),
    "render.pause": ("space r z",),
    "render.takes": ("space r t",),
    "render.video": ("space r v",),
    "render.seeds": ("space r n",),
    "render.compare": ("space r b",),
    "render.prune": ("space r c",),
    "render.stop": ("space r x",),
    "render.release": ("space r e",),
    "render.settings": ("space r o",),
    "render.set": (),
    # document
    "document.save": ("ctrl+s", "space w"),
    "document.save_as": ("space W",),
    "document.export": ("space E",),
    "document.undo": ("u", "ctrl+z"),
    "document.redo": ("U", "ctrl+y"),
    "document.open": ("space o",),
    "document.history": ("space u",),
    "document.outside": ("E",),
    "document.conflicts": ("space x",),
    "document.recover": (),
    "document.rename": (),
    "document.fps": (),
    "document.bpm": (),
    "document.lock": (),
    "document.fields": ("space f",),
    # application
    "application.command_line": ("colon",),
    "application.palette": ("ctrl+p", "space space"),
    "application.help": ("question_mark", "f1"),
    "application.mouse": ("space M",),
    "application.theme": ("space T",),
    "application.settings": ("space s",),
    "application.tour": (),
    "application.redraw": ("ctrl+l",),
    "application.suspend": (),
    "application.quit": ("ctrl+q", "space q"),
}

PREFIX_TITLES: Mapping[str, str] = {
    "space": "menu",
    "space r": "render",
    "space a": "sound",
    "g": "go to",
    "z": "view",
    "f": "fill",
    "b": "many rows",
    "P": "paste",
}

EVERYWHERE: frozenset[str] = frozenset(
    {"pane.next", "pane.previous", "document.save", "application.palette", "application.redraw", "application.quit"}
)
"""Commands whose keys also work while a text is being typed in a pane."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a key sequence has come to."""

    command: str | None = None
    """It is complete: run this."""
    commands: Mapping[str, str] = field(default_factory=dict)
    """It is a prefix: next key → command name, or the title of a further prefix in "…"."""

    @property
    def unknown(self) -> bool:
        return self.command is None and not self.commands


class Keymap:
    """Looks up key sequences. Built once.

    A user's keys for a command replace its default keys, and are taken from every command that they would hide.
    """

    def __init__(
        self,
        defaults: Mapping[str, Iterable[str]],
        overrides: Mapping[str, Iterable[str]] | None = None,
        panes: Iterable[str] = (),
    ) -> None:
        """`panes`: names of keys that panes have for themselves, which may be overridden too.

        Raises SettingsError if an override names a command or a key that does not exist, or two name the same key.
        """
        self.keys: dict[str, tuple[str, ...]] = {name: tuple(keys) for name, keys in defaults.items()}
        self.panes: dict[str, str] = {}
        """A user's own keys of panes: name → keys with commas between them."""
        self.taken: dict[str, list[tuple[str, str]]] = {}
        """What a user's keys took away: command → (key, the command that had it)."""
        given_to: dict[str, str] = {}
        known = set(panes)
        for name, given in (overrides or {}).items():
            if name in known and name not in self.keys:
                self.panes[name] = ",".join(_single(written) for written in given)
                continue
            if name not in self.keys:
                hint = did_you_mean(name, [*self.keys, *known], otherwise="the help (?) has their names")
                raise SettingsError(f"[keys]: there is no command called {name!r} to bind a key to", hint=hint)
            keys = tuple(sequence_of(written) for written in given)
            _refuse_clash(name, keys, given_to)
            self._give(name, keys)
        self._sequences: dict[tuple[str, ...], str] = {}
        for name, all_keys in self.keys.items():
            for key in all_keys:
                self._sequences[tuple(key.split())] = name

    def _give(self, name: str, keys: tuple[str, ...]) -> None:
        """These keys for a command, and for no other."""
        self.taken[name] = [
            (key, other)
            for other, old in self.keys.items()
            for key in old
            if other != name and any(_hides(key, fresh) for fresh in keys)
        ]
        lost = set(self.taken[name])
        self.keys = {other: tuple(key for key in old if (key, other) not in lost) for other, old in self.keys.items()}
        self.keys[name] = keys

    def step(self, pressed: tuple[str, ...]) -> Step:
        """The command these keys run, or what may follow them."""
        if pressed in self._sequences:
            return Step(command=self._sequences[pressed])
        length = len(pressed)
        following: dict[str, str] = {}
        for sequence, name in self._sequences.items():
            if sequence[:length] == pressed and len(sequence) > length:
                deeper = len(sequence) > length + 1
                prefix = " ".join(sequence[: length + 1])
                following[sequence[length]] = f"{PREFIX_TITLES.get(prefix, prefix)}…" if deeper else name
        return Step(commands=following)

    def shown(self, name: str) -> str:
        """The first key of a command as a person reads it; "" if it has none."""
        keys = self.keys.get(name, ())
        return readable(keys[0]) if keys else ""


_SYMBOLS: Mapping[str, str] = {
    "left_square_bracket": "[", "right_square_bracket": "]", "left_curly_bracket": "{", "right_curly_bracket": "}",
    "less_than_sign": "<", "greater_than_sign": ">", "asterisk": "*", "full_stop": ".", "equals_sign": "=",
    "question_mark": "?", "colon": ":", "slash": "/", "percent_sign": "%", "up": "↑", "down": "↓", "left": "←",
    "right": "→", "enter": "Enter", "escape": "Esc", "delete": "Del", "backspace": "Backspace", "space": "Space",
    "tab": "Tab", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End", "minus": "-", "plus": "+",
    "left_parenthesis": "(", "right_parenthesis": ")",
}  # fmt: skip


_KEY_NAMES: Mapping[str, str] = {
    **{key.value.rpartition("+")[2]: key.value.rpartition("+")[2] for key in Keys},
    **{_character_to_key(character): _character_to_key(character) for character in map(chr, range(33, 127))},
    **{shown.lower(): name for name, shown in _SYMBOLS.items()},
}
"""How people, the help and Textual write a key → Textual's name of it."""


def _hides(one: str, other: str) -> bool:
    """Whether only one of two sequences can ever be run: they are the same, or one begins the other."""
    first, second = one.split(), other.split()
    shorter = min(len(first), len(second))
    return first[:shorter] == second[:shorter]


def _refuse_clash(name: str, keys: Iterable[str], given_to: dict[str, str]) -> None:
    """Note whose keys these are. Raises SettingsError if another command was given one of them, or what begins it."""
    for key in keys:
        for old, owner in given_to.items():
            if owner != name and _hides(old, key):
                both = f"{readable(key)!r}" if old == key else f"{readable(old)!r} and {readable(key)!r}"
                hint = "of two commands with one key only one could be run: give another key to one of them"
                raise SettingsError(f"[keys]: {both} cannot be for {owner} and for {name}", hint=hint)
        given_to[key] = name


def sequence_of(written: str) -> str:
    """A sequence as it is looked up, from how a person writes it: "Space <" → "space less_than_sign".

    Raises SettingsError for a key that no terminal sends.
    """
    return " ".join(_key_of(key, written) for key in written.split())


def _single(written: str) -> str:
    """A key of a pane. Raises SettingsError for a sequence."""
    key = sequence_of(written)
    if " " in key:
        raise SettingsError(f"[keys]: {written!r} is more than one key", hint="the keys of a pane are single keys")
    return key


def _key_of(key: str, written: str) -> str:
    if len(key) == 1:  # as it stands on the key; "G" is not "g"
        return _KEY_NAMES.get(key, key)
    *modifiers, last = [*key[:-1].split("+"), key[-1]] if key.endswith("+") else key.split("+")
    name = _KEY_NAMES.get(last.lower(), "")
    strange = set(map(str.lower, modifiers)) - {"", "ctrl", "alt", "shift"}
    if strange or not name:
        hint = 'keys are written so: "g", "<", "ctrl+s", "shift+up", "f5", "space r a"'
        raise SettingsError(f"[keys]: there is no key called {key!r} in {written!r}", hint=hint)
    return "+".join([*(modifier.lower() for modifier in modifiers if modifier), name])


def readable(sequence: str) -> str:
    """A key sequence as it is printed: "ctrl+s" → "Ctrl+S", "space r a" → "Space r a"."""
    return " ".join(_readable_key(key) for key in sequence.split())


def _readable_key(key: str) -> str:
    *modifiers, last = key.split("+")
    if not last:  # the plus key itself
        last, modifiers = "+", modifiers[:-1]
    name = _SYMBOLS.get(last, last.upper() if modifiers or (last[:1] == "f" and last[1:].isdigit()) else last)
    return "+".join([*(modifier.capitalize() for modifier in modifiers), name])
