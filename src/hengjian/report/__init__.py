"""Reports of one audit: the page, the workbook and the card of one finding. Reads an audit folder and a lake; writes no findings."""
