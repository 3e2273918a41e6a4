import pytest

from zu_redteam.calls.places import Places
from zu_redteam.calls.words import number_for, snake, words_by_format, words_for

PLACES = Places("/w", file="data.json")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("sourceTimezone", "UTC"),
        ("filePath", "/w/data.json"),
        ("working_directory", "/w"),
        ("time", "12:30"),
        ("startDate", "2024-05-17"),
        ("imageUrl", "https://example.com/"),
        ("command", "echo hello"),
        ("something", "hello"),
    ],
)
def test_a_name_decides(name, word):
    assert words_for(name, "", PLACES)[0] == word


def test_snake_case_is_taken_from_any_spelling():
    assert snake("sourceFilePath-x") == "source_file_path_x"


def test_an_unknown_format_has_no_words():
    assert words_by_format("x-own", PLACES) == ()


def test_numbers_by_name():
    assert number_for("maxResults") == 3
    assert number_for("port") == 8080
    assert number_for("anything") == 2
