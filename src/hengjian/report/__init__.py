"""Reports of one audit: the page, the workbook and the card of one finding. Reads an audit folder and a lake; writes no findings."""

from hengjian.report.html import write_html
from hengjian.report.workbook import write_workbook

__all__ = ["write_html", "write_workbook"]
