def test_all_of_an_event_is_shown(zu, log):
    found = zu("log", "show", log.path, "e2", "--json").json
    assert (found["position"], found["seq"], found["trace_id"]) == (3, 2, "a")
    assert found["payload"] == {"number": 2, "ctx": {"tenant": "acme", "n": 2}}
    assert found["hash"] != found["prev"]
    assert '"event_id": "e2"' in zu("log", "show", log.path, "e2").out


def test_an_unknown_event_is_a_mistake(zu, log):
    done = zu("log", "show", log.path, "none")
    assert (done.code, done.out) == (2, "")
