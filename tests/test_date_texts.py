"""Which texts are dates: the written forms of them, and texts that are none."""

import pytest

import tf_consensus as tfc
from tf_consensus.data.date_texts import is_date

# By lines, parted by bars.
_DATES = """
2024-01-31 | 2024/1/31 | 2024.01.31 | 2024-01-31 10:05 | 2024-01-31T10:05:00Z | 2024-01-31, 10:05
31-12-2024 | 31.12.2024 | 31/12/2024 | 1.1.2024 | 31.12.2024 9:30 | 31/12/2024 10:05:00.25
12/31/2024 | 12-31-2024 | 12/31/24 | 1/31/2024 9:30 PM
31.12.24 | 31-12-24 | 31/12/24 | 1/2/03 | 4.5.24
2024-01 | 2024/01 | 01/2024 | 01.2024 | 12-2024
5 January 2024 | 5. Jan. 2024 | 05-Jan-2024 | 5-jan-24 | 3rd Sept 2024 | 5 May | Fri, 5 Jan 2024
Jan 5 2024 | january 5, 2024 | Sept 3rd 2024 | May 5 | Friday, January 5, 2024
Jan 2024 | December, 2024 | 2024 January | 2024-Jan-05 | 05JAN2024
Fri, 5 Jan 2024 10:05:00 +0000 | Fri Jan  5 10:05:00 2024 | Fri Jan  5 10:05:00 UTC 2024
10:05:00 | 10:05 | 9:30 pm | 9:30PM | 23:59:59.5 | 10:05:00+02:00 | 24:00
20240131T100500 | 20240131T100500Z
"""
_OTHERS = """
2024-13-01 | 2024-02-40 | 3000-01-01 | 2024-1-1-1 | 2024-01/31 | 31.12/2024 | 1.2.3 | 99.99.99
32.12.2024 | 13/13/2024 | 2010/15 | 2024-1 | 0171-123456 | 12-345-67 | 10.0.0.1 | A-2024-01
16:9 | 25:10 | 1:2:3 | 10:05 apples | may | Monday | Jan | 5 apples | Mark 5 | January the fifth
2024 | 20240131 | 5 Januar 2024 | 31 12
"""


def listed(table):
    return [text.strip() for line in table.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", listed(_DATES))
def test_the_usual_forms_of_dates_are_refused(text):
    assert is_date(text)
    message = r"Dates and times are no categories\. Received: column 'day' .* name it in `categor"
    with pytest.raises(ValueError, match=message):
        tfc.data.table({"day": [text, None, "2020-05-05"], "x": [1, 2, 3]})
    named = tfc.data.table({"day": [text, None, text]}, categorical=["day"])
    assert named.columns["day"].tolist() == [text, None, text]


@pytest.mark.parametrize("text", listed(_OTHERS))
def test_other_texts_are_no_dates(text):
    assert not is_date(text)
    table = tfc.data.table({"day": [text, "2020-05-05", text]})
    assert table.columns["day"].tolist() == [text, "2020-05-05", text]
