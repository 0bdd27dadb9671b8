"""Which texts are dates, months or times of day."""

import re

_YEAR, _MONTH, _DAY = r"(1[5-9]|2[01])\d{2}", r"(0?[1-9]|1[0-2])", r"(0?[1-9]|[12]\d|3[01])"
_CLOCK = r"([01]?\d|2[0-4]):[0-5]\d"
# Behind a date whatever follows the minutes: seconds, a zone, the year.
_THEN = rf"((,? +|T){_CLOCK}.*)?"
_NAMES = (
    r"(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|"
    r"oct(ober)?|nov(ember)?|dec(ember)?)\.?"
)
_WEEKDAY = r"((mon|tues?|wed(nes)?|thu(rs?)?|fri|sat(ur)?|sun)(day)?\.?,? +)?"
_TH = rf"{_DAY}(st|nd|rd|th|\.)?"
_BETWEEN = r"[-/, ]+"
# The short year behind a day and a month, which the same mark parts.
_ENDING = rf"({_YEAR}|\d{{2}})"
_FORMS = {
    "year, month, day": rf"{_YEAR}(?P<a>[-/.]){_MONTH}(?P=a){_DAY}{_THEN}",
    "day, month, year": rf"{_DAY}(?P<b>[-/.]){_MONTH}(?P=b){_ENDING}{_THEN}",
    "month, day, year": rf"{_MONTH}(?P<c>[-/.]){_DAY}(?P=c){_ENDING}{_THEN}",
    "digits alone": rf"{_YEAR}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([T ]\d{{4,6}}.*)",
    "year, month": rf"{_YEAR}[-/](0[1-9]|1[0-2])",
    "month, year": rf"(0?[1-9]|1[0-2])[-/.]{_YEAR}",
    "day, name": rf"{_WEEKDAY}{_TH}{_BETWEEN}{_NAMES}({_BETWEEN}{_ENDING})?{_THEN}",
    "name, day": rf"{_WEEKDAY}{_NAMES}{_BETWEEN}{_TH}({_BETWEEN}{_ENDING})?{_THEN}",
    "name, year": rf"{_NAMES}{_BETWEEN}{_YEAR}",
    "year, name": rf"{_YEAR}{_BETWEEN}{_NAMES}({_BETWEEN}{_TH})?{_THEN}",
    "together": rf"{_DAY}{_NAMES}{_ENDING}{_THEN}",
    "time": rf"{_CLOCK}(:\d{{2}}([.,]\d+)?)?( ?[ap]\.?m\.?)?(Z| ?[+-]\d{{2}}:?\d{{2}})?",
}
_DATE = re.compile("|".join(_FORMS.values()), re.IGNORECASE)


def is_date(text: str) -> bool:
    """Whether a text is a date, a month of a year or a time of day, as they are usually written.

    Names of months are English. 12/31/24 is as much a date as 31.12.2024; what no calendar has,
    such as 2024-13-01, is none.
    """
    return bool(_DATE.fullmatch(text))
