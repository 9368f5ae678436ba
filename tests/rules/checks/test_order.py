import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rules
from rules.errors import RuleError
from rules.language.walk import names
from tests.effort import examples

HEAD = "ruleset a version 1\n"


def test_derived_names_come_after_what_they_read() -> None:
    ruleset = rules.parse(
        f"{HEAD}derive c = b + a\nderive b = a * 2.0\nderive a = 1.0\nderive z = 1"
    )
    assert [item.name for item in ruleset.derived] == ["a", "z", "b", "c"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("derive a = a + 1", "a -> a"),
        ("derive a if b\nderive b if not a", "a -> b -> a"),
        ("derive c if a\nderive a if b\nderive b if d\nderive d if a", "a -> b -> d -> a"),
    ],
)
def test_cycles_are_shown_as_a_path(text: str, path: str) -> None:
    with pytest.raises(RuleError) as caught:
        rules.parse(HEAD + text)
    assert caught.value.message.endswith(f"depends on itself: {path}")


def test_every_cycle_and_other_errors_are_told_together() -> None:
    text = "derive a if b\nderive b if a\nderive c = d\nderive d = c\nderive e = nope"
    with pytest.raises(RuleError) as caught:
        rules.parse(HEAD + text)
    assert len(caught.value.errors) == 3


@settings(max_examples=examples(60))
@given(st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 6)), min_size=1))
def test_random_graphs(graph: dict[int, set[int]]) -> None:
    lines = []
    for node, reads in graph.items():
        parts = ["1.0", *(f"d{read}" for read in sorted(reads) if read in graph)]
        lines.append(f"derive d{node} = {' + '.join(parts)}")

    def reaches(start: int, goal: int, seen: set[int]) -> bool:
        for read in graph.get(start, set()) - seen:
            if read == goal or reaches(read, goal, seen | {read}):
                return True
        return False

    cyclic = any(reaches(node, node, set()) for node in graph)
    try:
        ruleset = rules.parse(HEAD + "\n".join(lines))
    except RuleError as error:
        assert cyclic
        assert all("depends on itself" in item.message for item in error.errors)
        return
    assert not cyclic
    done: set[str] = set()
    for item in ruleset.derived:
        assert names(item.clauses[0]) <= done
        done.add(item.name)
