import json


def test_each_event_is_a_line(zu, log, tmp_path):
    done = zu("log", "export", log.path)
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [row["event_id"] for row in rows] == [f"e{n}" for n in range(6)]
    assert zu("log", "export", log.path, "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out").read_text() == done.out
    assert zu("log", "export", log.path, "-o", tmp_path / "out").code == 2
    assert len(zu("log", "export", log.path, "--trace", "a").out.splitlines()) == 3
