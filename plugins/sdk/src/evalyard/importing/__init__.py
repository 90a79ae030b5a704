"""Importing datasets and results: `pip install "evalyard[client]"`, and `[importing]` for Parquet and some tools.

`Table` reads files of rows, `tools` what other tools write; `send_items` and `send_run` put them on a server.
"""

from ._destination import Destination
from ._formats import FORMATS
from ._items import NumberedItem
from ._mapping import ColumnMapping, read_mapping
from ._opening import Source
from ._rejects import Rejects
from ._results import Result, ToolRun, send_run
from ._rows import BadRow, CannotImport, Row
from ._sending import Report, send_items
from ._showing import showing
from ._tables import Table

__all__ = [
    "FORMATS",
    "BadRow",
    "CannotImport",
    "ColumnMapping",
    "Destination",
    "NumberedItem",
    "Rejects",
    "Report",
    "Result",
    "Row",
    "Source",
    "Table",
    "ToolRun",
    "read_mapping",
    "send_items",
    "send_run",
    "showing",
]
