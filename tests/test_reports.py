"""The coverage report, in each of its forms, read back by other programs."""

from __future__ import annotations

import datetime
import json
import re
import zipfile

import docx
import geopandas as gpd
import openpyxl
import pandas as pd
import pypdfium2
import pytest
import shapely

from geogrid.coverage.assess import add_doubt, assess_layout
from geogrid.coverage.doubt import describe_doubt
from geogrid.coverage.reading import STANDARD_READINGS
from geogrid.coverage.scenario import AddCentre, Scenario
from geogrid.coverage.summary import count_people
from geogrid.coverage.walks import lay_out
from geogrid.errors import FeatureNotFoundError, InvalidOptionError
from geogrid.reports.compose import compose_report
from geogrid.reports.document import Heading, Paragraph
from geogrid.reports.facts import Scope, Subject, describe_centres, find_scope, gather_facts
from geogrid.reports.gather import Request, propose
from geogrid.reports.pdf import write_pdf
from geogrid.reports.webpage import escape_text, render_map_script, write_webpage
from geogrid.reports.word import share_width, write_word
from geogrid.reports.workbook import write_workbook
from tests.support.command import Command
from tests.support.random_town import make_town
from tests.support.web import write_town

HOSTILE = [
    "{{7*7}}",
    "{% endif %}",
    "<img src=x onerror=alert(1)>",
    "=cmd|'/c calc'!A1",
    "</script><script>alert(1)</script>",
    "`${1+1}` \\ #let x = 1 $",
    "\u202e右到左\u202c",
    "䶮家湾𠮷村",
    "@SUM(1) *_#[]<>",
]


def _areas(names, crs):
    """Areas side by side from west to east over the town."""
    width = 820.0 / len(names)
    boxes = [shapely.box(-60 + n * width, -60, -60 + (n + 1) * width, 760) for n in range(len(names))]
    codes = [f"A{n}" for n in range(len(names))]
    return gpd.GeoDataFrame({"code": codes, "name": names}, geometry=boxes, crs=crs)


@pytest.fixture(scope="module")
def facts():
    """A drawn town whose communities, districts and centres have hostile names."""
    from dataclasses import replace

    from geogrid.coverage.town import Town

    town = make_town(11, n_homes=160)
    layers = {name: getattr(town, name) for name in Town.__dataclass_fields__}
    layers["community"] = _areas(HOSTILE, town.crs)
    layers["district"] = _areas(HOSTILE[::-1], town.crs)
    layers["grid"] = _areas(HOSTILE, town.crs)
    layers["centre"] = town.centre.assign(name=[HOSTILE[n % len(HOSTILE)] for n in range(len(town.centre))])
    town = Town.from_layers(layers)
    street = town.street
    town = replace(town, street=street)
    layout = lay_out(town)
    coverages = assess_layout(town, layout, [*STANDARD_READINGS])
    coverages[0] = add_doubt(town, layout, coverages[0], n_worlds=20)
    earlier = Scenario((AddCentre("new", 100.0, 100.0),)).apply(town)
    empty = gpd.GeoDataFrame({"id": []}, geometry=gpd.GeoSeries([], crs=town.crs))
    return gather_facts(
        Subject(
            "{{7*7}}县",
            "350725",
            3,
            "abc123",
            datetime.date(2026, 11, 22),
            True,
            {"map.classification": "秘密"},
        ),
        Scope(),
        coverages,
        (),
        earlier=assess_layout(earlier, lay_out(earlier), [STANDARD_READINGS[0]])[0],
        earlier_title={"zh": "版本 1", "en": "revision 1"},
        proposals=propose(town, layout, STANDARD_READINGS[0], empty, empty),
    )


@pytest.fixture(scope="module")
def document(facts):
    return compose_report(facts, "zh", command="geogrid report x.gpkg --out x.docx")


def test_the_first_sentence_tells_the_share_as_the_coverage_has_it(facts, document):
    lead = next(block for block in document.blocks if isinstance(block, Paragraph))
    people = count_people(facts.official.homes)
    assert lead.is_lead
    assert f"{people['total']:,}" in lead.text
    assert f"{people['covered']:,}" in lead.text
    assert f"{100 * people['covered'] / people['total']:.1f} %" in lead.text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_method_tells_the_sampling_error_of_the_range_and_what_a_star_means(facts, language):
    told = describe_doubt(facts.official.doubt)["people"]
    report = compose_report(facts, language, command="geogrid report x.gpkg --out x.docx")
    mark = {"zh": "带 * 的一端", "en": "An end with a star"}[language]
    paragraphs = [block.text for block in report.blocks if isinstance(block, Paragraph)]
    (text,) = [text for text in paragraphs if mark in text]
    for number in (*told["sampling_error"], f"{100 * facts.official.doubt.share_error:.1f}"):
        assert str(number) in text.replace(",", "")


def test_the_people_of_the_areas_add_up_to_those_of_the_county(facts, document):
    table = next(table for table in document.tables() if table.key == "by_community")
    homes = facts.official.homes
    assert sum(row["people"] for row in table.rows) == homes["people"][homes["community"].notna()].sum()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_part_stands_in_both_languages(facts, language):
    told = compose_report(facts, language, command="x")
    keys = [block.key for block in told.blocks if isinstance(block, Heading) and block.level == 1]
    assert keys == ["front", "areas", "gaps", "centres", "proposals", "circles", "method"]
    assert any("合成演示数据" in mark or "synthetic" in mark for mark in told.marks)
    assert any("秘密" in mark for mark in told.marks)


def test_a_report_on_one_community_counts_its_homes_alone(facts):
    code = facts.official.homes["community"].mode()[0]
    scope = find_scope({"community": facts.official.town.community}, "community", code)
    own = gather_facts(facts.subject, scope, facts.coverages)
    homes = own.select_homes(own.official)
    assert set(homes["community"]) == {code}
    assert len(homes) == (facts.official.homes["community"] == code).sum()
    assert set(own.gaps["community"].dropna()) <= {code}
    lead = next(b for b in compose_report(own, "zh", command="x").blocks if isinstance(b, Paragraph))
    assert f"{count_people(homes)['total']:,}" in lead.text


def test_an_area_that_is_not_there_is_refused(facts):
    with pytest.raises(FeatureNotFoundError):
        find_scope({"community": facts.official.town.community}, "community", "nowhere")
    with pytest.raises(InvalidOptionError):
        Request(community="a", district="b")


def test_who_depends_on_one_centre_alone_is_uncovered_when_it_closes(facts):
    centres = describe_centres(facts.official).set_index("centre")
    town, reading = facts.official.town, facts.official.reading
    before = count_people(facts.official.homes)["covered"]
    for centre, row in centres.iterrows():
        rest = town.centre[town.centre["centre"] != centre].reset_index(drop=True)
        from dataclasses import replace

        after = assess_layout(changed := replace(town, centre=rest), lay_out(changed), [reading])[0]
        assert before - count_people(after.homes)["covered"] == row["sole_people"], centre


def test_few_people_are_never_counted_out(facts, document):
    for table in document.tables():
        for row in table.rows:
            for name in ("people", "elderly", "children", "covered", "not_covered", "unanswered"):
                assert row.get(name) not in (1, 2, 3, 4), (table.key, row)


# --- forms -------------------------------------------------------------------------------------


def test_word_has_headings_captions_and_the_names_as_text(document, tmp_path):
    write_word(document, tmp_path / "r.docx")
    read = docx.Document(tmp_path / "r.docx")
    styles = [p.style.name for p in read.paragraphs]
    assert styles.count("Heading 1") == 7
    assert styles.count("Caption") == sum(1 for _ in document.tables()) + sum(1 for _ in document.figures())
    texts = "\n".join([p.text for p in read.paragraphs] + [c.text for t in read.tables for c in t._cells])
    used = set(document_names(document))
    assert used
    for name in used:
        assert name in texts, name
    body = zipfile.ZipFile(tmp_path / "r.docx").read("word/document.xml").decode()
    assert "TOC \\o" in body
    assert "SEQ table" in body
    assert 'w:eastAsia="黑体"' in body
    assert "仿宋" in zipfile.ZipFile(tmp_path / "r.docx").read("word/styles.xml").decode()


def document_names(document):
    """The hostile names that the report mentions."""
    text = json.dumps(
        [dict(row) for table in document.tables() for row in table.rows], ensure_ascii=False, default=str
    )
    return [name for name in HOSTILE if json.dumps(name, ensure_ascii=False)[1:-1] in text]


def test_word_goes_on_in_an_offices_template(document, tmp_path):
    template = docx.Document()
    template.add_paragraph("某某办公室文件")
    template.sections[0].header.paragraphs[0].text = "机关页眉"
    template.save(tmp_path / "office.docx")
    write_word(document, tmp_path / "r.docx", template=tmp_path / "office.docx")
    read = docx.Document(tmp_path / "r.docx")
    assert read.paragraphs[0].text == "某某办公室文件"
    assert read.sections[0].header.paragraphs[0].text == "机关页眉"
    assert any(p.text.startswith("1  结论") for p in read.paragraphs)


def test_the_columns_of_a_table_share_the_text_width():
    assert sum(share_width([["甲", "b"], ["x" * 50, "1"]])) == pytest.approx(156.0, abs=0.05)


def test_pdf_has_bookmarks_embedded_fonts_and_the_names_as_text(document, tmp_path):
    write_pdf(document, tmp_path / "r.pdf")
    read = pypdfium2.PdfDocument(tmp_path / "r.pdf")
    assert len(list(read.get_toc())) >= 7
    text = "".join(read[n].get_textpage().get_text_range() for n in range(len(read)))
    flat = re.sub(r"\s|\u2060", "", text)
    assert "结论" in flat
    assert "{{7*7}}县" in flat
    for name in ("{%endif%}", "<imgsrc=xonerror=alert(1)>", "䶮家湾"):
        assert name in flat, name
    assert (
        b"FontFile" in (tmp_path / "r.pdf").read_bytes()
        or b"/Type/ObjStm" in (tmp_path / "r.pdf").read_bytes()
    )


def test_the_workbook_has_a_sheet_a_table_numbers_as_numbers_and_no_formula(document, tmp_path):
    write_workbook(document, tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    tables = list(document.tables())
    assert len(book.sheetnames) == len(tables) + 1
    for sheet, table in zip(book.worksheets[1:], tables, strict=True):
        assert sheet.freeze_panes == "B5"
        assert sheet.max_row == 4 + len(table.rows)
        for line in sheet.iter_rows():
            for cell in line:
                assert cell.data_type != "f", (sheet.title, cell.coordinate)
    sheet = book.worksheets[1 + [table.key for table in tables].index("by_community")]
    row = next(table for table in tables if table.key == "by_community").rows[0]
    assert sheet.cell(5, 1).value == row["name"]
    assert sheet.cell(5, 2).value == row["people"]


def test_the_page_holds_everything_and_no_name_as_code(document, facts, tmp_path):
    write_webpage(document, facts, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text("utf-8")
    body = re.sub(r"<script.*?</script>|<style>.*?</style>", "", page, flags=re.DOTALL)
    assert "<img src=x" not in page
    assert "{{" not in body
    assert "{%" not in body
    assert "alert(1)</script" not in page
    assert not re.findall(r'(?:src|href)="(?!data:)', body)
    data = json.loads(re.search(r'id="report-data">(.*?)</script>', page, re.DOTALL)[1])
    assert len(data["homes"]["features"]) == len(facts.official.homes)
    assert "7*7" not in render_map_script()


def test_escaping_leaves_the_text_to_a_reader():
    import html

    for name in HOSTILE:
        assert html.unescape(escape_text(name)) == name


@pytest.mark.parametrize("write", [write_pdf, write_workbook], ids=["pdf", "xlsx"])
def test_two_runs_write_the_same(document, tmp_path, write):
    for name in "ab":
        write(document, tmp_path / name)
    if write is write_workbook:  # a workbook keeps the moment of its making in one part
        parts = [
            {n: z.read(n) for n in z.namelist() if n != "docProps/core.xml"}
            for z in (zipfile.ZipFile(tmp_path / name) for name in "ab")
        ]
        assert parts[0] == parts[1]
    else:
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_unknown_people_are_told_as_homes(facts):
    from dataclasses import replace

    town = facts.official.town
    unknown = replace(
        town, building=town.building.assign(residents=pd.array([pd.NA] * len(town.building), dtype="Int64"))
    )
    coverages = assess_layout(unknown, lay_out(unknown), [*STANDARD_READINGS])
    told = compose_report(gather_facts(facts.subject, Scope(), coverages), "zh", command="x")
    lead = next(block for block in told.blocks if isinstance(block, Paragraph))
    assert "栋住宅" in lead.text


def test_a_revision_to_compare_with_that_is_missing_or_empty_is_named(tmp_path, monkeypatch, capsys):
    geogrid = Command(monkeypatch, capsys)
    path = write_town(tmp_path / "town.gpkg")
    said = geogrid.refuse("report", path, "--out", tmp_path / "r.xlsx", "--since", 99)
    assert "99" in said
    assert "0-1" in said
    early = geogrid.refuse("report", path, "--out", tmp_path / "r.xlsx", "--since", 0)
    assert "修订版 0" in early
    assert "revision 0" in early
    assert "geogrid import" not in early
    assert not (tmp_path / "r.xlsx").exists()
