"""The tables' public contract (`schemas/*.json`) as Arrow schemas.

The JSON files are what others build on and the only place where a column is defined; the
code that writes or checks a table takes names, types and limits from here.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

SCHEMA_KEY = "streamfer.schema"
"""Key of the file metadata that names a table's contract, such as `timelines.v1`."""


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type, unit and meaning, and the values it may take.

    `minimum` and `maximum` are inclusive; `values` lists the only ones allowed, if not empty;
    `nan` says that NaN stands for "unknown"; `lengths` are those that a list may have whose
    length varies.
    """

    name: str
    type: pa.DataType
    unit: str | None
    meaning: str
    minimum: float | None
    maximum: float | None
    values: tuple[str, ...]
    nan: bool
    lengths: tuple[int, ...]


@dataclass(frozen=True)
class Contract:
    """One table: what a row is, what identifies it and how rows are ordered."""

    table: str
    version: int
    title: str
    description: str
    key: tuple[str, ...]
    sorted_by: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def label(self) -> str:
        """The table's name and version, such as `timelines.v1`."""
        return f"{self.table}.v{self.version}"

    @property
    def arrow(self) -> pa.Schema:
        """The Arrow schema: no column is nullable; the metadata names the contract."""
        fields = [pa.field(column.name, column.type, nullable=False) for column in self.columns]
        return pa.schema(fields, metadata={SCHEMA_KEY: self.label})


def _folder() -> Path:
    """Where the JSON files are: inside an installed wheel, or at the root of a checkout."""
    packaged = Path(__file__).with_name("schemas")
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schemas"


def _contract(file: Path) -> Contract:
    table = json.loads(file.read_text(encoding="utf-8"))
    columns = []
    for column in table["columns"]:
        kind = pa.type_for_alias(column["type"])
        if "length" in column or "lengths" in column:
            # -1 stands for a length of its own in every row.
            length = column.get("length", -1)
            kind = pa.list_(pa.field("element", kind, nullable=False), length)
        columns.append(
            Column(
                name=column["name"],
                type=kind,
                unit=column["unit"],
                meaning=column["meaning"],
                minimum=column.get("minimum"),
                maximum=column.get("maximum"),
                values=tuple(column.get("values", ())),
                nan=column.get("nan", False),
                lengths=tuple(column.get("lengths", ())),
            )
        )
    return Contract(
        table=table["table"],
        version=table["version"],
        title=table["title"],
        description=table["description"],
        key=tuple(table["key"]),
        sorted_by=tuple(table["sorted_by"]),
        columns=tuple(columns),
    )


CONTRACTS = {
    contract.label: contract for contract in map(_contract, sorted(_folder().glob("*.json")))
}
"""Every contract this version can read, by its label."""

TABLES = {
    contract.table: contract
    for contract in sorted(CONTRACTS.values(), key=lambda contract: contract.version)
}
"""What this version writes: by the table's name, its newest contract."""
