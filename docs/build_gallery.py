"""Makes the pictures of `docs/gallery.md` from the synthetic demo county: `python docs/build_gallery.py`."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path

import pypdfium2

from geogrid.demo.county import create_demo_county
from geogrid.reports.compose import compose_report
from geogrid.reports.gather import Request, gather_county
from geogrid.reports.pdf import write_pdf
from geogrid.workspace import Workspace

IMAGES = Path(__file__).parent / "images"
PAGES = {"front": "结论", "areas": "分区情况", "gap": "缺口 1：", "proposals": "新增中心数量"}
"""Picture -> what stands in a heading of the page that it shows."""
CONTENTS_PAGES = 2
PIXELS_PER_POINT = 1.25
COLOURS = 256


def main() -> None:
    """Write a report of the demo county as a PDF and keep four of its pages as pictures."""
    with tempfile.TemporaryDirectory() as folder:
        county, out = Path(folder) / "demo.gpkg", Path(folder) / "synthetic.pdf"
        create_demo_county(county)
        with Workspace.open(county) as workspace:
            facts = gather_county(workspace, Request(), datetime.date(2026, 11, 22))
        write_pdf(compose_report(facts, "zh", command="geogrid report demo.gpkg --out report.pdf"), out)
        document = pypdfium2.PdfDocument(out)
        texts = [page.get_textpage().get_text_bounded() for page in document]
        for name, heading in PAGES.items():
            number = next(n for n, text in enumerate(texts) if n >= CONTENTS_PAGES and heading in text)
            picture = document[number].render(scale=PIXELS_PER_POINT).to_pil()
            picture.quantize(COLOURS).save(IMAGES / f"report-{name}.png", optimize=True)
        document.close()


if __name__ == "__main__":
    main()
