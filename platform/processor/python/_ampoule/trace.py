import os

_OWN = os.path.dirname(__file__) + os.sep


def trace_of(error):
    """The traceback of an error, from where it enters the code of the function."""
    import traceback

    trace = error.__traceback__
    while trace is not None and _is_not_of_function(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace)).rstrip()


def _is_not_of_function(file):
    return file.startswith((_OWN, "<frozen importlib")) or file.endswith(("/importlib/__init__.py", "/_ampoule_wrapper.py"))
