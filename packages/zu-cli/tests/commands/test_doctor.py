"""`zu doctor` as a person meets it."""

import json
import subprocess
import sys


def zu(*words):
    return subprocess.run(
        [sys.executable, "-m", "zu_cli", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_machine_that_runs_boxes_is_said_to():
    done = zu("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("The default box holds on this machine.\n")
    assert "ok       user namespaces" in done.stdout
    assert "held     tcp-denied" in done.stdout


def test_json_says_the_same():
    document = json.loads(zu("doctor", "--json").stdout)
    assert document["holds"] is True
    assert {"name", "state", "found", "remedy", "needed"} == set(document["machine"][0])
