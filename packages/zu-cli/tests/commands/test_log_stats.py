def test_events_are_counted(zu, log):
    found = zu("log", "stats", log.path, "--json").json
    assert (found["events"], found["traces"]) == (6, 2)
    assert found["types"] == {"harness.test.made": 6}
    assert found["sources"] == {"suite": 6}
    assert found["first"] <= found["last"]
    assert "6 events of 2 traces" in zu("log", "stats", log.path).out
    assert zu("log", "stats", log.path, "--trace", "a", "--json").json["events"] == 3
    assert zu("log", "stats", log.path, "--trace", "none", "--json").json["first"] is None
