"""ELAN annotation documents (.eaf 2.8), of the Max Planck Institute for Psycholinguistics."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pyarrow as pa

from streamfer.emotion.labels import EMOTIONS
from streamfer.export.tiers import tiers
from streamfer.places import is_uri

_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance"
_UNDETERMINED = "http://cdb.iso.org/lg/CDB-00130975-001"


def document(video: Mapping[str, Any], episodes: pa.Table) -> str:
    """A tier for each track, whose annotations are its episodes; times in milliseconds.

    The labels are a controlled vocabulary, so that an annotator corrects them from a list. The
    video is looked for by its key, from the document's own folder; ELAN asks where it is not.
    """
    root = ET.Element("ANNOTATION_DOCUMENT")
    root.attrib |= {
        "AUTHOR": "streamfer",
        "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
        "FORMAT": "2.8",
        "VERSION": "2.8",
        "xmlns:xsi": _SCHEMA,
        "xsi:noNamespaceSchemaLocation": "http://www.mpi.nl/tools/elan/EAFv2.8.xsd",
    }
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    ET.SubElement(header, "MEDIA_DESCRIPTOR", _media(video["video"]))
    order = ET.SubElement(root, "TIME_ORDER")
    count = 0
    for name, intervals in tiers(episodes):
        tier = ET.SubElement(root, "TIER", LINGUISTIC_TYPE_REF="emotion", TIER_ID=name)
        for start_ms, end_ms, label in intervals:
            count += 1
            slots = (f"ts{2 * count - 1}", f"ts{2 * count}")
            for slot, ms in zip(slots, (start_ms, end_ms), strict=True):
                ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(ms))
            annotation = ET.SubElement(
                ET.SubElement(tier, "ANNOTATION"),
                "ALIGNABLE_ANNOTATION",
                ANNOTATION_ID=f"a{count}",
                CVE_REF=f"cve{EMOTIONS.index(label)}",
                TIME_SLOT_REF1=slots[0],
                TIME_SLOT_REF2=slots[1],
            )
            ET.SubElement(annotation, "ANNOTATION_VALUE").text = label
    ET.SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(count)
    _vocabulary(root)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _media(key: str) -> dict[str, str]:
    """Where the video is, as ELAN wants it; a key may hold what XML could not."""
    url = quote(key, safe="/:") if is_uri(key) else f"./{quote(key)}"
    kind = mimetypes.guess_type(key)[0] or "unknown"
    return {"MEDIA_URL": url, "RELATIVE_MEDIA_URL": url, "MIME_TYPE": kind}


def _vocabulary(root: ET.Element) -> None:
    """The seven labels, and the type of tiers that use them."""
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        CONTROLLED_VOCABULARY_REF="emotions",
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID="emotion",
        TIME_ALIGNABLE="true",
    )
    ET.SubElement(
        root, "LANGUAGE", LANG_DEF=_UNDETERMINED, LANG_ID="und", LANG_LABEL="undetermined (und)"
    )
    vocabulary = ET.SubElement(root, "CONTROLLED_VOCABULARY", CV_ID="emotions")
    ET.SubElement(vocabulary, "DESCRIPTION", LANG_REF="und")
    for number, emotion in enumerate(EMOTIONS):
        entry = ET.SubElement(vocabulary, "CV_ENTRY_ML", CVE_ID=f"cve{number}")
        ET.SubElement(entry, "CVE_VALUE", DESCRIPTION="", LANG_REF="und").text = emotion
