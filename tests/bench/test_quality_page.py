"""The measured part of docs/matching.md replaces itself and nothing else; a cell says where ours is behind."""

from quality.measures import Score
from quality.page import BEGIN, END, compared, write
from quality.peers import NAIVE, OURS, SPLINK_BEST, Line, Result


def line(matcher: str, f1: float, biggest: int = 3, alert: Score | None = None, reached: float = 0.5) -> Line:
    return Line(matcher, Score(f1, f1), Score(f1, f1), f1, biggest, alert, None, reached, 1.0, None)


def result(*lines: Line) -> Result:
    return Result("tiny", 10, 5, 3, list(lines), {})


def test_a_page_that_is_not_there_is_made(tmp_path) -> None:
    page = tmp_path / "matching.md"
    write("figures", page)
    assert page.read_text() == f"# Matching\n\n## Measured\n\n{BEGIN}\nfigures\n{END}\n"


def test_writing_again_replaces_only_what_is_between_the_markers(tmp_path) -> None:
    page = tmp_path / "matching.md"
    page.write_text(f"# Matching\n\nWords.\n\n## Measured\n\n{BEGIN}\nold\n{END}\n\n## After\n")
    write("new", page)
    assert page.read_text() == f"# Matching\n\nWords.\n\n## Measured\n\n{BEGIN}\nnew\n{END}\n\n## After\n"


def test_a_page_without_markers_gets_them_at_its_end(tmp_path) -> None:
    page = tmp_path / "matching.md"
    page.write_text("# Matching\n\nWords.\n")
    write("figures", page)
    assert page.read_text() == f"# Matching\n\nWords.\n\n## Measured\n\n{BEGIN}\nfigures\n{END}\n"


def test_a_measure_where_ours_is_behind_says_so() -> None:
    mine = line(OURS, 0.9, alert=Score(0.995, 0.4))
    text = compared([result(mine, line(SPLINK_BEST, 0.95), line(NAIVE, 0.2, reached=0.1))])
    assert text.count("**behind** .9000 : .9500") == 3
    assert "**behind** .4000 : .5000" in text
    assert "| .9950 |" in text


def test_a_measure_where_ours_leads_says_nothing() -> None:
    mine = line(OURS, 0.96, alert=Score(0.995, 0.6))
    assert "behind" not in compared([result(mine, line(SPLINK_BEST, 0.95))])


def test_an_imprecise_alert_band_is_behind() -> None:
    mine = line(OURS, 0.96, alert=Score(0.98, 0.6))
    assert "**behind** .9800" in compared([result(mine, line(SPLINK_BEST, 0.95))])


def test_a_set_on_which_ours_failed_has_an_empty_row() -> None:
    assert "| tiny |  |" in compared([result(line(NAIVE, 0.2))])
