"""The fields of Gradescope's ``results.json``, and what is wrong with some results."""

NUMBER, TEXT, LIST, DICT = (int, float), (str,), (list,), (dict,)
FORMATS = ("text", "html", "simple_format", "md", "ansi")
VISIBILITIES = ("hidden", "after_due_date", "after_published", "visible")
TOP = {
    "score": NUMBER,
    "execution_time": NUMBER,
    "output": TEXT,
    "output_format": FORMATS,
    "test_output_format": FORMATS,
    "test_name_format": FORMATS,
    "visibility": VISIBILITIES,
    "stdout_visibility": VISIBILITIES,
    "extra_data": DICT,
    "tests": LIST,
    "leaderboard": LIST,
}
TEST = {
    "score": NUMBER,
    "max_score": NUMBER,
    "status": ("passed", "failed"),
    "name": TEXT,
    "name_format": FORMATS,
    "number": TEXT,
    "output": TEXT,
    "output_format": FORMATS,
    "tags": LIST,
    "visibility": VISIBILITIES,
    "extra_data": DICT,
}


def problems(results):
    """List what Gradescope would not understand, in sentences.

    Parameters
    ----------
    results : object
        What ``results.json`` holds.

    Returns
    -------
    list of str
        Empty if all is well.
    """
    if not isinstance(results, dict):
        return ["The results are no object."]
    found = _wrong_fields(results, TOP, "the results")
    tests = results.get("tests", [])
    for number, test in enumerate(tests if isinstance(tests, list) else [], 1):
        if isinstance(test, dict):
            found += _wrong_fields(test, TEST, f"test {number}")
        else:
            found.append(f"Test {number} is no object.")
    scored = any(isinstance(test, dict) and "score" in test for test in tests)
    if "score" not in results and not scored:
        found.append("There is no score, neither for all nor for a test.")
    return found


def _wrong_fields(entry, fields, where):
    found = []
    for name, value in entry.items():
        allowed = fields.get(name)
        if allowed is None:
            found.append(f"There is no field {name} in {where}.")
        elif isinstance(allowed[0], str):
            if value not in allowed:
                found.append(f"{name} of {where} is {value!r}, not one of {allowed}.")
        elif not isinstance(value, allowed) or isinstance(value, bool):
            found.append(f"{name} of {where} is a {type(value).__name__}.")
    return found
