"""Which values of a JSON file are numbers that can be reckoned with."""

_MAX_NUMBER = 1e300


def is_number(value):
    """Whether it is a finite number; a comparison, for an int may be too large to be a float."""
    return (isinstance(value, (int, float)) and not isinstance(value, bool)
            and -_MAX_NUMBER < value < _MAX_NUMBER)


def number_or_none(value):
    """As a float; None where it is no such number."""
    return float(value) if is_number(value) else None
