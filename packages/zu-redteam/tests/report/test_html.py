import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from zu_redteam.report import ReportModel, render_html
from zu_redteam.verdict.testing import SECRET

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Collects what a browser would make of a page, and checks that its tags nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(sorted(attrs))) for tag, attrs in self.tags]


def test_the_page_says_what_the_report_says(failed: ReportModel) -> None:
    page = Page(render_html(failed))
    for words in ("FAIL", "python3 -m clock", "tcp-denied", "syscalls", "api.example.com"):
        assert words in page.text
    assert "zu test-plugin --seed 7 --case command-1" in page.text


def test_the_page_is_static_and_fetches_nothing(failed: ReportModel) -> None:
    html = render_html(failed)
    page = Page(html)
    assert {tag for tag, _ in page.tags}.isdisjoint(
        {"script", "link", "img", "iframe", "object", "embed", "form", "base", "svg", "a"}
    )
    names = {name for _, attrs in page.tags for name in attrs}
    assert names <= {"lang", "charset", "http-equiv", "content", "name", "class", "open", "colspan"}


def test_the_policy_allows_the_style_sheet_and_nothing_else(passed: ReportModel) -> None:
    html = render_html(passed)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    metas = [attrs for tag, attrs in Page(html).tags if tag == "meta"]
    assert any(attrs.get("content") == policy for attrs in metas)
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_markup_of_the_target_is_text(failed: ReportModel) -> None:
    page = Page(render_html(failed))
    assert "<script>alert(1)</script>" in page.text
    assert "␛[2J" in page.text
    assert "\\u202e" in page.text
    assert "{{7*7}}" in page.text


@given(text=st.text(alphabet=st.characters(), min_size=1, max_size=60))
@example("</pre></details><script>x</script>")
@example('" onclick="x" \'')
@example("-->]]><!--")
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_text_changes_the_shape_of_the_page(
    hostile: Callable[[str], ReportModel], text: str
) -> None:
    page = Page(render_html(hostile(text)))
    allowed = {"html", "head", "meta", "title", "style", "body", "main", "div", "span", "b",
               "section", "h1", "h2", "h3", "h4", "p", "code", "ul", "li", "small", "table",
               "thead", "tbody", "tr", "th", "td", "article", "header", "dl", "dt", "dd", "bdi",
               "pre", "br", "ol", "details", "summary", "footer"}  # fmt: skip
    assert {tag for tag, _ in page.tags} <= allowed
    assert all(
        name in {"lang", "charset", "http-equiv", "content", "name", "class", "open", "colspan"}
        for _, attrs in page.tags
        for name in attrs
    )


def test_verdicts_without_a_breach_have_pages(
    passed: ReportModel, reviewed: ReportModel, open_run: ReportModel
) -> None:
    assert "PASS" in Page(render_html(passed)).text
    assert 'exec = ["git"]' in Page(render_html(reviewed)).text
    assert "No probe ran." in Page(render_html(open_run)).text


def test_secrets_stand_in_no_page_of_an_honest_target(passed: ReportModel) -> None:
    assert SECRET not in render_html(passed)


def test_the_same_report_gives_the_same_bytes(failed: ReportModel) -> None:
    assert render_html(failed) == render_html(failed)
