import json
import math


def encode(value):
    """JSON of anything: what JSON does not have becomes its representation, and numbers that are none become text."""
    try:
        return _strict(value)
    except ValueError:
        return _strict(_finite(value))


def _representation(value):
    try:
        return value.__log__()
    except Exception:
        return repr(value)


_strict = json.JSONEncoder(allow_nan=False, default=_representation).encode


def _finite(value):
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {_finite(key): _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return value
