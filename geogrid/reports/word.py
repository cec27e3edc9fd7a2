"""A report as a Word document that an office goes on writing: real headings, captions, editable tables."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from geogrid.errors import UnsupportedFileError
from geogrid.io.replacing import replacing
from geogrid.reports.document import (
    Block,
    Bullets,
    CellKind,
    Document,
    Figure,
    Heading,
    KeyFigures,
    Medium,
    PageBreak,
    Paragraph,
    Progress,
    Table,
    write_cell,
)
from geogrid.reports.drawing import draw_in_order
from geogrid.reports.words import Words

BODY_FONT, HEADING_FONT, LATIN_FONT = "仿宋", "黑体", "Times New Roman"
"""The typefaces that GB/T 9704-2012 names: body 仿宋, headings 黑体. They are named, never embedded."""
BODY_PT, TABLE_PT, CAPTION_PT = 12.0, 8.5, 9.5
MARGINS_MM = {"top": 37.0, "bottom": 35.0, "left": 28.0, "right": 26.0}
"""GB/T 9704-2012, 5.2.1: head 37 mm and binding edge 28 mm, with a text area of 156 x 225 mm on A4."""
TEXT_WIDTH_MM = 156.0
HEADING_PT = {1: 16.0, 2: 15.0, 3: 14.0}
KEY_COLUMNS = 3
MANY_COLUMNS, SMALL_TABLE_PT = 8, 7.5
CELL_MARGIN_MM = 0.8
NARROWEST, SHORT_TEXT = 2.0, 10.0
"""Of the width of a column, in letters: what every one has beside its text; up to where a text stays whole."""


def write_word(
    document: Document, path: Path, *, template: Path | None = None, progress: Progress | None = None
) -> None:
    """Write a report as a Word document, beside and renamed.

    Parameters
    ----------
    template
        An office's own .docx: its styles, margins, header and footer are kept and the report is written
        after what it holds.
    progress
        Called with what is done and what there is to do, in steps.

    Raises
    ------
    UnsupportedFileError
        When the template is no Word document.
    """
    writer = _Writer(document, template)
    n_figures = sum(1 for _ in document.figures())
    n_drawn = 0
    writer.write_front()
    for block in document.blocks:
        writer.write(block)
        if isinstance(block, Figure):
            n_drawn += 1
            if progress is not None:
                progress(n_drawn, n_figures + 1)
    with replacing(path) as beside:
        writer.save(beside)


class _Writer:
    """The Word document while it is written."""

    def __init__(self, document: Document, template: Path | None) -> None:
        import docx

        self._told = document
        self._words = Words(document.language)
        self._has_template = template is not None
        try:
            self._docx: Any = docx.Document(None if template is None else str(template))
        except (ValueError, KeyError, OSError) as error:
            name = "" if template is None else template.name
            raise UnsupportedFileError(name, "docx", (".docx",)) from error
        self._pictures = draw_in_order(list(document.figures()), Medium.PNG)
        self._n_captions = {"figure": 0, "table": 0}
        self._n_headings = [0, 0, 0]
        self._begins_page = False
        if not self._has_template:
            self._set_page()
            self._set_styles()
        properties = self._docx.core_properties
        properties.title, properties.author, properties.comments = document.title, "", ""

    def save(self, path: Path) -> None:
        stream = io.BytesIO()
        self._docx.save(stream)
        path.write_bytes(stream.getvalue())

    # --- page and styles -----------------------------------------------------------------------

    def _set_page(self) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Mm, Pt

        section = self._docx.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        for side, width_mm in MARGINS_MM.items():
            setattr(section, f"{side}_margin", Mm(width_mm))
        section.different_first_page_header_footer = True
        head = section.header.paragraphs[0]
        head.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        self._run(head, " · ".join(self._told.marks), Pt(9))
        foot = section.footer.paragraphs[0]
        foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._run(foot, "— ", Pt(10))
        _add_field(foot, "PAGE", "1")
        self._run(foot, " —", Pt(10))

    def _set_styles(self) -> None:
        from docx.shared import Pt, RGBColor

        styles = self._docx.styles
        normal = styles["Normal"]
        normal.font.size = Pt(BODY_PT)
        _set_fonts(normal.element.get_or_add_rPr(), BODY_FONT)
        normal.paragraph_format.line_spacing = 1.25
        normal.paragraph_format.space_after = Pt(4)
        for level, size in HEADING_PT.items():
            style = styles[f"Heading {level}"]
            style.font.size, style.font.bold = Pt(size), False
            style.font.color.rgb = RGBColor(0, 0, 0)
            style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(12), Pt(6)
            _set_fonts(style.element.get_or_add_rPr(), HEADING_FONT)
        caption = styles["Caption"]
        caption.font.size, caption.font.bold = Pt(CAPTION_PT), False
        caption.font.color.rgb = RGBColor(0x40, 0x40, 0x40)
        _set_fonts(caption.element.get_or_add_rPr(), HEADING_FONT)

    # --- parts ---------------------------------------------------------------------------------

    def write_front(self) -> None:
        """Title, marks, sign-off block and table of contents."""
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        marks = self._docx.add_paragraph()
        marks.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        self._run(marks, " · ".join(self._told.marks), Pt(10))
        title = self._docx.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(120), Pt(18)
        self._run(title, self._told.title, Pt(24), HEADING_FONT)
        subtitle = self._docx.add_paragraph()
        subtitle.alignment = WD_ALIGN_PARAGRAPH.CENTER
        subtitle.paragraph_format.space_after = Pt(140)
        self._run(subtitle, self._told.subtitle, Pt(12))
        self._write_sign_off()
        self._docx.add_page_break()
        contents = self._docx.add_paragraph()
        contents.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._run(contents, self._words("contents"), Pt(16), HEADING_FONT)
        self._write_contents()
        self._docx.add_page_break()

    def _write_sign_off(self) -> None:
        from docx.enum.table import WD_TABLE_ALIGNMENT
        from docx.shared import Mm, Pt

        table = self._docx.add_table(rows=0, cols=2)
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        for title, value in self._told.sign_off:
            cells = table.add_row().cells
            cells[0].width, cells[1].width = Mm(32), Mm(70)
            self._run(cells[0].paragraphs[0], title, Pt(12))
            self._run(cells[1].paragraphs[0], value or "　" * 10, Pt(12))
            _underline(cells[1])

    def _write_contents(self) -> None:
        """A field that Word fills when the document is opened or printed, with the headings as they are."""
        paragraph = self._docx.add_paragraph()
        headings = [block for block in self._told.blocks if isinstance(block, Heading) and block.level <= 2]
        numbers = [0, 0]
        lines = []
        for heading in headings:
            numbers[heading.level - 1] += 1
            if heading.level == 1:
                numbers[1] = 0
            number = ".".join(str(n) for n in numbers[: heading.level])
            lines.append(f"{'　' * (heading.level - 1)}{number}  {heading.text}")
        _add_field(paragraph, 'TOC \\o "1-2" \\h \\z \\u', "\n".join(lines), is_dirty=True)

    def write(self, block: Block) -> None:
        """One part of the report."""
        match block:
            case Heading():
                self._write_heading(block)
            case Paragraph():
                self._write_paragraph(block)
            case Bullets():
                for item in block.items:
                    self._run(self._docx.add_paragraph(style=self._style("List Bullet")), item)
            case KeyFigures():
                self._write_figures(block)
            case Table():
                self._write_table(block)
            case Figure():
                self._write_picture(block)
            case PageBreak():
                self._begins_page = True

    def _write_heading(self, block: Heading) -> None:
        self._n_headings[block.level - 1] += 1
        self._n_headings[block.level :] = [0] * (3 - block.level)
        number = ".".join(str(n) for n in self._n_headings[: block.level])
        paragraph = self._docx.add_paragraph(style=self._style(f"Heading {block.level}"))
        paragraph.paragraph_format.page_break_before = self._begins_page or None
        self._begins_page = False
        paragraph.add_run(f"{number}  {block.text}")

    def _write_paragraph(self, block: Paragraph) -> None:
        from docx.shared import Pt

        paragraph = self._docx.add_paragraph()
        size = 14.0 if block.is_lead else 10.5 if block.is_note else None
        self._run(paragraph, block.text, None if size is None else Pt(size))
        if not block.is_note and self._told.language == "zh":
            paragraph.paragraph_format.first_line_indent = Pt((size or BODY_PT) * 2)

    def _write_figures(self, block: KeyFigures) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        n_rows = -(-len(block.figures) // KEY_COLUMNS)
        table = self._docx.add_table(rows=n_rows, cols=KEY_COLUMNS)
        table.style = self._style("Table Grid")
        for number, figure in enumerate(block.figures):
            cell = table.cell(number // KEY_COLUMNS, number % KEY_COLUMNS)
            for place, (text, size) in enumerate(
                ((figure.value, 15), (figure.title, 8.5), (figure.note, 7.5))
            ):
                if text:
                    paragraph = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                    paragraph.paragraph_format.space_after = Pt(0)
                    paragraph.paragraph_format.line_spacing = 1.0
                    self._run(paragraph, text, Pt(size), HEADING_FONT)

    def _write_table(self, block: Table) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Mm, Pt

        self._write_caption("table", block.caption, keep_with_next=True)
        rows = block.rows if block.n_shown is None else block.rows[: block.n_shown]
        table = self._docx.add_table(rows=1, cols=len(block.columns))
        table.style = self._style("Table Grid")
        table.autofit = False
        _set_margins(table)
        _repeat_head(table.rows[0])
        texts = [[column.title for column in block.columns]]
        texts += [[write_cell(row.get(column.key), column.kind) for column in block.columns] for row in rows]
        for _ in rows:
            table.add_row()
        widths = [Mm(width) for width in share_width(texts)]
        for grid_column, width in zip(table.columns, widths, strict=True):
            grid_column.width = width
        size = Pt(TABLE_PT if len(block.columns) <= MANY_COLUMNS else SMALL_TABLE_PT)
        for line, cells in zip(texts, _list_cells(table), strict=True):
            for column, text, cell, width in zip(block.columns, line, cells, widths, strict=True):
                cell.width = width
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.space_after = Pt(0)
                paragraph.paragraph_format.line_spacing = 1.0
                if column.kind is not CellKind.TEXT:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                self._run(paragraph, text, size, HEADING_FONT if line is texts[0] else None)
        if len(rows) < len(block.rows):
            more = self._words("table.more", n=len(block.rows) - len(rows))
            self._run(self._docx.add_paragraph(), more, Pt(TABLE_PT))
        gap = self._docx.add_paragraph()
        gap.paragraph_format.space_after, gap.paragraph_format.line_spacing = Pt(0), Pt(8)

    def _write_picture(self, block: Figure) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Mm

        paragraph = self._docx.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
        picture = paragraph.add_run().add_picture(
            io.BytesIO(next(self._pictures)), width=Mm(min(block.width_mm, TEXT_WIDTH_MM))
        )
        picture._inline.docPr.set("descr", block.alt)  # noqa: SLF001  the one way to set a text for it
        self._write_caption("figure", block.caption)

    def _write_caption(self, kind: str, text: str, *, keep_with_next: bool = False) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        self._n_captions[kind] += 1
        paragraph = self._docx.add_paragraph(style=self._style("Caption"))
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = keep_with_next
        paragraph.add_run(f"{self._words(kind)} ")
        _add_field(paragraph, f"SEQ {kind} \\* ARABIC", str(self._n_captions[kind]))
        paragraph.add_run(f"  {text}")

    def _run(self, paragraph: Any, text: str, size: Any = None, font: str | None = None) -> None:
        run = paragraph.add_run(text)
        if size is not None:
            run.font.size = size
        if font is not None and not self._has_template:
            _set_fonts(run._element.get_or_add_rPr(), font)  # noqa: SLF001  East Asian fonts have no other way

    def _style(self, name: str) -> str | None:
        """A style's name where the document has it: an office's template may lack one."""
        return name if name in self._docx.styles else None


def share_width(texts: Sequence[Sequence[str]]) -> list[float]:
    """How wide each column is, in mm, `TEXT_WIDTH_MM` in all: by its longest texts, long ones less than in full.

    Parameters
    ----------
    texts
        The head and the rows, each with a text a column.

    >>> share_width([["a", "b"], ["1234", "1234"]])
    [78.0, 78.0]
    """
    needs = []
    for column in zip(*texts, strict=True):
        longest = max(sum(2.0 if ord(ch) > 0x2E7F else 1.0 for ch in text) for text in column)
        needs.append(NARROWEST + (longest if longest <= SHORT_TEXT else (SHORT_TEXT * longest) ** 0.5))
    return [round(TEXT_WIDTH_MM * need / sum(needs), 2) for need in needs]


def _list_cells(table: Any) -> list[list[Any]]:
    """The cells by row; python-docx finds them anew at every call."""
    cells, width = table._cells, len(table.columns)  # noqa: SLF001  row.cells is quadratic
    return [cells[start : start + width] for start in range(0, len(cells), width)]


def _set_fonts(properties: Any, east_asian: str) -> None:
    """Name the fonts of Latin and of Chinese text."""
    from docx.oxml.ns import qn

    fonts = properties.get_or_add_rFonts()
    for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(name), None)
    fonts.set(qn("w:ascii"), LATIN_FONT)
    fonts.set(qn("w:hAnsi"), LATIN_FONT)
    fonts.set(qn("w:eastAsia"), east_asian)


def _add_field(paragraph: Any, instruction: str, shown: str, *, is_dirty: bool = False) -> None:
    """A field that Word computes; `shown` stands there until it does."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for kind in ("begin", None, "separate", "shown", "end"):
        run = paragraph.add_run()
        if kind == "shown":
            run.text = shown
            continue
        if kind is None:
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = f" {instruction} "
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
            if kind == "begin" and is_dirty:
                element.set(qn("w:dirty"), "true")
        run._element.append(element)  # noqa: SLF001  fields have no other way


def _set_margins(table: Any) -> None:
    """Little room to the left and right of a cell's text."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        element = OxmlElement(f"w:{side}")
        element.set(qn("w:w"), str(round(CELL_MARGIN_MM * 56.7)))  # twentieths of a point
        element.set(qn("w:type"), "dxa")
        margins.append(element)
    table._tbl.tblPr.append(margins)  # noqa: SLF001  as above


def _repeat_head(row: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement("w:tblHeader")
    element.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(element)  # noqa: SLF001  as above


def _underline(cell: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    borders = OxmlElement("w:tcBorders")
    bottom = OxmlElement("w:bottom")
    for name, value in (("w:val", "single"), ("w:sz", "6"), ("w:color", "808080")):
        bottom.set(qn(name), value)
    borders.append(bottom)
    cell._tc.get_or_add_tcPr().append(borders)  # noqa: SLF001  as above
