"""Checks a table against its contract and says, in words, what is wrong and where.

Reads in batches, so a table of any size is checked in little memory. Rows are counted from 0.
"""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from streamfer.errors import UsageError
from streamfer.places import Place
from streamfer.store import folders, rules, schema
from streamfer.store.output import RUN_ID_KEY, read_metadata, table_paths
from streamfer.store.schema import Contract
from streamfer.store.table_reader import open_table

_BATCH_ROWS = 16_384


def validate(path: Place) -> list[str]:
    """What is wrong with a table, or a folder of embeddings; [] if nothing is.

    Which contract applies is told by the file's metadata or, where another program rewrote the
    file without it, by its columns. Of each rule the first row that breaks it is described. For
    timelines the run ids of the tables beside it are compared as well.
    """
    if folders.kind(path) == "folder":
        files = _tables_in(path)
        if not files:
            return [f"{path} is a folder without tables."]
        return [f"{file.name}: {problem}" for file in files for problem in validate(file)]
    try:
        with open_table(path) as file:
            contract = _contract(file.schema_arrow)
            if isinstance(contract, str):
                return [contract]
            problems = _column_problems(contract, file.schema_arrow) or _row_problems(
                contract, file
            )
    except (OSError, pa.ArrowException) as error:
        return [f"{path} cannot be read as Parquet: {error}"]
    if contract.label.startswith("timelines."):
        problems += _sibling_problems(path)
    return problems


def _tables_in(path: Place) -> list[Place]:
    names = sorted(folders.folder(path).files())
    return [path / name for name in names if name.endswith(".parquet") and "/" not in name]


def _contract(found: pa.Schema) -> Contract | str:
    """The contract a file claims to follow, or what is wrong with its claim."""
    label = (found.metadata or {}).get(schema.SCHEMA_KEY.encode())
    known = ", ".join(schema.CONTRACTS)
    if label is None:
        for contract in schema.CONTRACTS.values():
            if {column.name for column in contract.columns} <= set(found.names):
                return contract
        return f"It has neither {schema.SCHEMA_KEY} in its metadata nor all columns of {known}."
    name = label.decode(errors="replace")
    return schema.CONTRACTS.get(name) or (
        f"Its schema {name} is unknown to this version of streamfer, which knows {known}."
    )


def _column_problems(contract: Contract, found: pa.Schema) -> list[str]:
    problems = []
    expected = {column.name: column.type for column in contract.columns}
    for name, kind in expected.items():
        if found.names.count(name) != 1:
            problems.append(f"Column {name} ({kind}) occurs {found.names.count(name)} times.")
        elif found.field(name).type != kind:
            problems.append(f"Column {name} is {found.field(name).type}; expected {kind}.")
    problems += [
        f"Column {name} is not part of {contract.label}."
        for name in found.names
        if name not in expected
    ]
    return problems


def _row_problems(contract: Contract, file: pq.ParquetFile) -> list[str]:
    first: dict[str, str] = {}
    count: dict[str, int] = {}
    offset = 0
    # The last row before the batch: order is a matter of neighbours.
    before = file.schema_arrow.empty_table()
    for batch in file.iter_batches(_BATCH_ROWS, use_threads=False):
        rows = pa.Table.from_batches([batch])
        linked = pa.concat_tables([before, rows]).combine_chunks()
        for finding in rules.find(contract, rows, linked):
            broken = np.flatnonzero(finding.broken)
            if len(broken):
                text = f"Row {offset + broken[0]}: {finding.describe(int(broken[0]))}"
                first.setdefault(finding.rule, text)
                count[finding.rule] = count.get(finding.rule, 0) + len(broken)
        offset += batch.num_rows
        before = rows.slice(batch.num_rows - 1).drop_null()
    return [
        text if count[rule] == 1 else f"{text} ({count[rule]} rows in all)"
        for rule, text in first.items()
    ]


def _sibling_problems(out: Place) -> list[str]:
    """Tables beside the timelines that another run wrote: a join would mix two runs."""
    try:
        run_id = read_metadata(out)[RUN_ID_KEY]
    except (UsageError, KeyError):  # another program rewrote the timelines: nothing to compare
        return []
    problems = []
    for name, path in table_paths(out).items():
        there = folders.kind(path)
        if name == "timelines" or not there:
            continue
        for file in _tables_in(path) if there == "folder" else [path]:
            try:
                found = read_metadata(file).get(RUN_ID_KEY)
            except UsageError as error:
                problems.append(str(error))
                continue
            if found != run_id:
                problems.append(
                    f"{file} is of run {found}, the timelines of run {run_id}: the run that wrote "
                    "one of them was interrupted. Run the same command again."
                )
    return problems
