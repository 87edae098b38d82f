from pathlib import Path

import numpy as np
import pytest

from streamfer.errors import UsageError
from streamfer.faces.truth import read_truth


def written(folder: Path, text: str) -> Path:
    path = folder / "truth.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_faces_are_gathered_by_picture_and_time(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "time_s,who,x,y,w,h\n"
        "1.5,a,10,20,30,40\n"
        "0.2,,,,,\n"
        "\n"
        '1.5,"b, c", 0.5 ,1e1,3,4.25\n'
        "1.0,d,-5,0,20,20\n",
    )
    marked = read_truth(file)
    assert [picture.time_s for picture in marked] == [0.2, 1.0, 1.5]
    assert [picture.boxes.tolist() for picture in marked] == [
        [],
        [[-5, 0, 15, 20]],
        [[10, 20, 40, 60], [0.5, 10, 3.5, 14.25]],
    ]
    assert all(p.boxes.dtype == np.float32 and p.boxes.shape[1:] == (4,) for p in marked)


def test_columns_may_come_in_any_order_and_after_a_byte_order_mark(tmp_path: Path) -> None:
    file = written(tmp_path, "\ufeffh,w,y,x,time_s\r\n4,3,2,1,0\r\n")
    assert read_truth(file)[0].boxes.tolist() == [[1, 2, 4, 6]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: there is no column time_s or x or y or w or h"),
        ("time_s,x,y,w\n0,1,2,3\n", "line 1: there is no column h"),
        ("time_s,x,y,w,h\n", "no rows"),
        ("time_s,x,y,w,h\n0,1,2,3,4\n0,1,two,3,4\n", "line 3: could not convert.*two"),
        ("time_s,x,y,w,h\n,1,2,3,4\n", "line 2: could not convert"),
        ("time_s,x,y,w,h\n-1,1,2,3,4\n", "line 2: a number is out of range"),
        ("time_s,x,y,w,h\n0,1,2,inf,4\n", "line 2: a number is out of range"),
        ("time_s,x,y,w,h\nnan,1,2,3,4\n", "line 2: a number is out of range"),
        ("time_s,x,y,w,h\n0,1,2,3\n", "line 2: of x, y, w and h"),
        ("time_s,x,y,w,h\n0,.1,.2,.3,.4\n", "line 2: a face is less than one pixel"),
        ("time_s,x,y,w,h\n0,1,2,-3,4\n", "line 2: a face is less than one pixel"),
        ("time_s,x,y,w,h\n0,1,2,3,4\n5,,,,\n0,,,,\n", "line 4: no face at 0 s, but another"),
        ("time_s,x,y,w,h\n5,,,,\n5,,,,\n", "line 2: no face at 5 s, but another"),
        ('time_s,x,y,w,h\n0,"1,2,3,4\n', "not CSV"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        read_truth(written(tmp_path, text))
    assert "truth.csv" in str(raised.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.csv cannot be read: No such file"):
        read_truth(tmp_path / "absent.csv")
    file = tmp_path / "video.csv"
    file.write_bytes(bytes(range(256)))
    with pytest.raises(UsageError, match="not CSV in UTF-8"):
        read_truth(file)
