"""Pages are bounded whatever the text is, and lose no line."""

from hypothesis import given
from hypothesis import strategies as st

from rea.codebase import page
from rea.codebase.page import MOST_TOKENS, paged, tokens_at_most

LINES = st.lists(st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=900), max_size=60)


@given(LINES)
def test_no_page_is_larger_than_the_bound_and_together_they_are_everything(lines: list[str]) -> None:
    first = paged(lines, 1)
    pages = [paged(lines, n) for n in range(1, first.pages + 1)]
    assert all(tokens_at_most(str(p)) <= MOST_TOKENS for p in pages)
    assert "\n".join(p.text for p in pages) == ("\n".join(map(page._cut, lines)) if lines else "nothing")


def test_a_page_beyond_the_last_is_the_last() -> None:
    lines = ["x = 1 + 2 - 3"] * 2000
    assert paged(lines, 10**9) == paged(lines, paged(lines, 1).pages)
    assert paged(lines, -3).page == 1 and paged(lines, 1).pages > 5


def test_a_token_is_at_least_estimated_for_every_byte_that_nobody_joins() -> None:
    assert tokens_at_most("ab cd") == 3 and tokens_at_most("é") == 2 and tokens_at_most("1234;") == 5
