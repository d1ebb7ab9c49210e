"""A picture in the terminal: half blocks where there are colours, letters where there are none."""

from __future__ import annotations

from textual.app import App
from textual.strip import Strip

from parseq_tui.ui.drawing.halfblocks import Picture, fitted_size, half_blocks, shades
from parseq_tui.ui.widgets.line_view import LineView


def picture_strips(picture: Picture, columns: int, rows: int, app: App[object]) -> list[Strip]:
    """The picture as large as fits `columns` × `rows` cells, in its proportions."""
    size = fitted_size(picture, columns, rows)
    return shades(picture, *size) if app.no_color else half_blocks(picture, *size)


class FramePreview(LineView):
    """One picture and a line of words below it."""

    DEFAULT_CSS = "FramePreview { background: $background; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._picture: Picture | None = None
        self._words = ""

    def show(self, picture: Picture | None, words: str = "") -> None:
        """Show a picture (uint8, shape (height, width, 3), RGB), or only words."""
        self._picture, self._words = picture, words
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def theme_changed(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width, height = self.size
        if not width or not height:
            return
        rows = height - 1 if self._words else height
        strips = [] if self._picture is None or rows < 1 else picture_strips(self._picture, width, rows, self.app)
        indent = Strip.blank((width - strips[0].cell_length) // 2, self.palette.style()) if strips else Strip.blank(0)
        words = [self.line((self._words, self.palette.style("dim")))] if self._words else []
        self.set_lines([*(Strip.join([indent, strip]) for strip in strips), *words])
