"""Word, PowerPoint and Excel files, read as zips of XML, as the page, the slide and the sheet show them.

Places are paragraphs, slides or rows.
"""

from harlm.context.readers.office.sheet import read_xlsx
from harlm.context.readers.office.slides import read_pptx
from harlm.context.readers.office.word import read_docx

__all__ = ["read_docx", "read_pptx", "read_xlsx"]
