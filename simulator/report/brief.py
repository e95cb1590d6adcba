"""A Word brief in the form of a Chinese official document, from the answer to its limits."""

from __future__ import annotations

import io

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table as DocxTable
from docx.table import _Cell
from docx.text.paragraph import Paragraph

import simulator
from simulator.budget import costs
from simulator.goals import choose_goals
from simulator.i18n import catalogue, text
from simulator.problem import build_problem
from simulator.ranges import lever_ranges
from simulator.report import planning, rows, wording
from simulator.report.pictures import picture
from simulator.report.printed import unit_name
from simulator.report.terminal import summary_lines
from simulator.run import Result, Run
from simulator.scenario import TREND
from simulator.seek import seek
from simulator.targets import TargetCheck

#: Page and type of an official document, GB/T 9704-2012: margins top, bottom, left, right in mm;
#: sizes in points (二号 22, 三号 16, 五号 10.5), lines exactly 28 points apart.
_A4, _MARGINS = (210, 297), (37, 35, 28, 26)
_TITLE, _BODY, _TABLE, _LEADING = 22, 16, 10.5, 28
_FONTS = {
    "title": "方正小标宋简体", "heading": "黑体", "body": "仿宋", "table": "仿宋",
    "latin": "Times New Roman",
}  # fmt: skip
_INDENT = 2  # characters
_NAMES_SHARE = 0.28  # of the width of a table
_PICTURE_MM, _MOST_REQUIREMENTS, _MOST_NOTES = 150, 8, 6
_INK = {"met": RGBColor(0x00, 0x73, 0x5C), "missed": RGBColor(0xB8, 0x48, 0x0B)}
_STOPS = ("。", ".", "！", "？", "!", "?")
_NUMERALS = {"zh": "一二三四五六七八九", "en": "123456789"}


def brief(result: Result, run: Run, lang: str) -> bytes:
    """Three to five pages on one scenario beside the trend, as the bytes of a docx file.

    Parameters
    ----------
    result : of `run`
    run : the scenario that the brief is about; the trend itself is fine
    lang : zh or en
    """
    shown = result.beside(run)
    page = _Page(lang)
    name = result.study.place.name.get(lang)
    page.title(text("brief.title", lang, name=name))
    page.section("brief.answer")
    for line in _answer(shown, run, lang):
        page.paragraph(line)
    page.section("brief.targets")
    if run.targets:
        page.table(_modelled(rows.targets(shown, lang), run))
    else:
        page.paragraph(text("report.no_targets", lang))
    page.picture(picture(shown, run, "rates", lang, "png"))
    page.section("brief.causes")
    page.table(rows.causes(shown, lang))
    page.picture(picture(shown, run, "causes", lang, "png"))
    page.section("brief.policy")
    _policy(page, shown, run, lang)
    needs = rows.requirements(shown, lang)
    if needs.rows:
        page.section("brief.needs")
        page.paragraph(text("app.requirements_help", lang))
        page.table(needs, most=_MOST_REQUIREMENTS)
    _plan(page, shown, run, lang)
    page.section("brief.limits")
    for line in _limits(shown, run, lang):
        page.paragraph(line)
    return page.bytes()


class _Page:
    """A document being written, in one language."""

    def __init__(self, lang: str) -> None:
        self._lang, self._sections = lang, 0
        self._document: Document = docx.Document()
        self._document.core_properties.author = (
            f"County Urbanization Simulator {simulator.__version__}"
        )
        for part in self._document.sections:
            part.page_width, part.page_height = Mm(_A4[0]), Mm(_A4[1])
            part.top_margin, part.bottom_margin = Mm(_MARGINS[0]), Mm(_MARGINS[1])
            part.left_margin, part.right_margin = Mm(_MARGINS[2]), Mm(_MARGINS[3])

    def title(self, words: str) -> None:
        """Centred, 小标宋, 二号."""
        found = self._line(words, "title", _TITLE)
        found.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._document.core_properties.title = words
        self._line("", "body", _BODY)

    def section(self, key: str) -> None:
        """A numbered heading: 一、 in 黑体."""
        numeral = _NUMERALS[self._lang][self._sections]
        self._sections += 1
        mark = "、" if self._lang == "zh" else ". "
        found = self._line(f"{numeral}{mark}{text(key, self._lang)}", "heading", _BODY)
        found.paragraph_format.keep_with_next = True

    def paragraph(self, words: str) -> None:
        """Body text, first line two characters in."""
        stop = "" if words[-1:] in _STOPS else "。" if self._lang == "zh" else "."
        found = self._line(words + stop, "body", _BODY)
        found.paragraph_format.first_line_indent = Pt(_INDENT * _BODY)

    def table(self, table: rows.Table, most: int | None = None) -> None:
        """A table with rules, its header repeated on each page."""
        made = self._document.add_table(rows=1, cols=len(table.headers), style="Table Grid")
        for cell, header in zip(made.rows[0].cells, table.headers, strict=True):
            self._cell(cell, header, bold=True)
        repeat = made.rows[0]._tr.get_or_add_trPr()
        repeat.append(repeat.makeelement(qn("w:tblHeader"), {}))
        for row in table.rows[:most]:
            for i, (cell, value) in enumerate(zip(made.add_row().cells, row, strict=True)):
                self._cell(cell, value, right=i in table.numbers)
        self._widths(made)
        left_out = len(table.rows) - len(table.rows[:most])
        if left_out:
            self.paragraph(text("brief.left_out", self._lang, n=left_out))
        else:
            self._line("", "table", _TABLE)

    def _widths(self, made: DocxTable) -> None:
        """The first column, which holds names, takes its share; figures divide the rest."""
        whole = _A4[0] - _MARGINS[2] - _MARGINS[3]
        rest = whole * (1.0 - _NAMES_SHARE) / (len(made.columns) - 1)
        made.autofit = False
        for i, column in enumerate(made.columns):
            column.width = Mm(rest if i else whole * _NAMES_SHARE)
            for cell in column.cells:
                cell.width = column.width

    def picture(self, png: bytes) -> None:
        """A chart across the page."""
        found = self._document.add_paragraph()
        found.alignment = WD_ALIGN_PARAGRAPH.CENTER
        found.add_run().add_picture(io.BytesIO(png), width=Mm(_PICTURE_MM))

    def bytes(self) -> bytes:
        """The file."""
        stream = io.BytesIO()
        self._document.save(stream)
        return stream.getvalue()

    def _line(self, words: str, font: str, size: float) -> Paragraph:
        found = self._document.add_paragraph()
        found.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        found.paragraph_format.line_spacing = Pt(_LEADING)
        found.paragraph_format.space_after = Pt(0)
        _write(found, words, font, size)
        return found

    def _cell(self, cell: _Cell, words: str, *, bold: bool = False, right: bool = False) -> None:
        found = cell.paragraphs[0]
        found.paragraph_format.space_after = Pt(0)
        if right:
            found.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        ink = _INK.get(words.tone) if isinstance(words, rows.Toned) else None
        _write(found, words, "table", _TABLE, bold=bold, ink=ink)


def _write(
    paragraph: Paragraph,
    words: str,
    font: str,
    size: float,
    *,
    bold: bool = False,
    ink: RGBColor | None = None,
) -> None:
    """Words in a Chinese font by name; python-docx sets the Latin one only."""
    run = paragraph.add_run(str(words))
    run.font.size, run.font.name, run.bold = Pt(size), _FONTS["latin"], bold
    if ink is not None:
        run.font.color.rgb = ink
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), _FONTS[font])


def _answer(result: Result, run: Run, lang: str) -> list[str]:
    """The answer in sentences: how many targets are met, and each gap in words."""
    about = wording.span(result, lang)
    lines = [text("report.subtitle", lang, **about)]
    lines += summary_lines(result, lang)
    for check in run.targets:
        if check.gap is not None and check.projected is not None:
            told = {
                "year": check.target.at, "indicator": wording.target_label(check, lang),
                "projected": _with_unit(wording.reached(check, lang), check, lang),
                "goal": _with_unit(wording.goal(check, lang), check, lang),
                "gap": wording.gap(check, lang),
                "scenario": wording.scenario_label(run, lang),
                "status": text(f"status.{check.status}", lang),
            }  # fmt: skip
            lines.append(text("brief.gap", lang, **told))
    if wording.needs_history(result):
        lines.append(text("report.no_history", lang))
    return lines


def _with_unit(value: str, check: TargetCheck, lang: str) -> str:
    """A figure and the unit of its target; Chinese writes no space between them."""
    unit = unit_name(check.target.unit, lang)
    return f"{value} {unit}" if lang == "en" else f"{value}{check.target.unit}"


def _modelled(table: rows.Table, run: Run) -> rows.Table:
    """Only the targets that are judged, which come first, without the column of kinds."""
    judged = sum(c.kind == "modelled" for c in run.targets)
    kept = tuple(row[:-1] for row in table.rows[:judged])
    return rows.Table(table.headers[:-1], kept, table.numbers)


def _policy(page: _Page, result: Result, run: Run, lang: str) -> None:
    chosen = dict(wording.changed_levers(run))
    if run.id == TREND or not chosen:
        page.paragraph(text("report.no_levers", lang))
    for name, value in chosen.items():
        shown = f"{wording.lever_label(name, lang)}: {wording.lever_value(value, lang)}"
        page.paragraph(shown.replace(": ", "：", 1) if lang == "zh" else shown)
    for item in run.case.evidence:
        if item.derivation is not None:
            page.paragraph(item.derivation.get(lang))
    for note in run.notes[:_MOST_NOTES]:
        page.paragraph(wording.note(note, lang))
    bound = sorted({codes for codes in run.binding() if codes not in (("none",), ("trend",))})
    if bound:
        named = ("、" if lang == "zh" else ", ").join(wording.binding(c, lang) for c in bound)
        page.paragraph(text("brief.bound", lang, constraints=named))


def _plan(page: _Page, result: Result, run: Run, lang: str) -> None:
    """What it would take and what it costs; nothing where no target can be sought."""
    judged = any(c.status != "not_modelled" for c in run.targets)
    if run.members or result.start.rung == "normalised" or not judged:
        return
    goals, ranges = choose_goals([], result.trend), lever_ranges([], {}, result.trend)
    answer = seek(result, build_problem(run, result.trend, goals, ranges), "sought")
    page.section("brief.plan")
    for line in planning.answer_sentences(answer, lang):
        page.paragraph(line)
    page.table(planning.setting_table(answer, lang))
    page.table(planning.cost_table(answer.costs, lang))
    found = costs(run, result.trend)
    for line in planning.budget_sentences(run, result.trend, found, lang):
        page.paragraph(line)
    page.paragraph(planning.made_by(run, lang))


def _limits(result: Result, run: Run, lang: str) -> list[str]:
    """What was assumed, where figures come from, what the model does not know."""
    assumed = [
        f"{text(f'quantity.{a.quantity}', lang)} {wording.value_of(a.value, a.unit, lang)}"
        for a in result.start.assumed
    ]
    comma = "、" if lang == "zh" else ", "
    place = result.study.place
    lines = []
    if assumed:
        lines.append(text("brief.assumed", lang, names=comma.join(assumed)))
    titles = comma.join(d.title.get(lang) for d in place.documents.values())
    lines.append(text("brief.sources", lang, titles=titles))
    unknown = sorted(k for k in catalogue(lang) if k.startswith("app.unknown."))
    lines += [text(k, lang) for k in unknown]
    lines.append(text("export.made_by", lang, version=simulator.__version__))
    return lines
