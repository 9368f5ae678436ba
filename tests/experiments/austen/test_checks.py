import pytest

from experiments.austen.checks import broken

SETTINGS = {"forbidden": ("Darcy",), "longest_sentence": 5, "longest_word": 8, "repeats": 3}
SOUND = 'He came. "Yes," said she; "go."\nThen--"Never!"\n'


@pytest.mark.parametrize(
    ("text", "tokens", "expected"),
    [
        (SOUND, range(30), []),
        ("", [], []),
        ("darcy's", [1], ["forbidden_word"]),
        ("Medarcy", [1], []),
        ("in 1815", [1], ["no_digits"]),
        ("a £", [1], ["plain_letters"]),
        ("incomprehensible", [1], ["word_too_long"]),
        ("a", [1, 2, 3, 1, 2, 3], ["repeated"]),
        ("a", [1, 2, 3, 1, 2], []),
        ("one two three four five six", [1], ["sentence_too_long"]),
        ("one two three four. five six", [1], []),
        ("within a sentence\nand on", [1], ["left_unfinished"]),
        ('He said, "Go.\nNow."', [1], ["quote_without_opening", "left_open"]),
        ('He said, "I "go."', [1], ["quoted_twice", "quote_without_opening"]),
        ('He said."', [1], ["quote_without_opening"]),
        ('"" he', [1], ["two_marks"]),
    ],
)
def test_what_a_text_breaks(text, tokens, expected):
    assert sorted(broken(text, list(tokens), **SETTINGS)) == sorted(expected)
