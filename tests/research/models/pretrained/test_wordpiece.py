import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from research.data.sources import SourceError
from research.models.pretrained import minilm
from research.models.pretrained.wordpiece import WordPiece, words

GOLDEN = Path(__file__).parents[3] / "golden" / "wordpiece.json"
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "##a", "a", "!", "##b"]
SMALL = WordPiece(vocabulary={token: index for index, token in enumerate(TOKENS)})


def test_the_longest_piece_comes_first():
    pieces = {
        "unaffable": ["un", "##aff", "##able"],
        "aab": ["a", "##a", "##b"],
        "unb!A": ["un", "##b", "!", "a"],
        "ux": ["[UNK]"],
    }
    for text, expected in pieces.items():
        assert [TOKENS[index] for index in SMALL.ids(text)] == expected
    assert SMALL.ids("a" * 100) == [8] + [7] * 99
    assert SMALL.ids("a" * 101) == [1]


def test_words():
    assert words("Déjà-vu:\tÀÉ\u00a0中文\x00x\ufffd…  ") == (
        ["deja", "-", "vu", ":", "ae", "中", "文", "x", "…"]
    )
    assert words("$1.50 ^_^") == ["$", "1", ".", "50", "^", "_", "^"]
    assert words(" \n") == []


def test_texts_become_rows():
    tokens, lengths = SMALL.encode(["a! a", "", "[SEP]"], length=4)
    assert tokens.tolist() == [[2, 8, 9, 3], [2, 3, 0, 0], [2, 1, 1, 3]]
    assert lengths.tolist() == [4, 2, 4]
    assert SMALL.encode(["a! a"]).tokens.tolist() == [[2, 8, 9, 8, 3]]
    assert SMALL.encode([]).tokens.shape == (0, 0)
    assert SMALL.padding == 0


@given(text=st.text(max_size=60))
def test_text_never_becomes_a_special_token(text):
    assert not {0, 2, 3} & set(SMALL.ids(text + "[CLS] [PAD]"))


def test_it_equals_an_independent_implementation():
    """On code points up to U+2FFFF, prose, code, control characters (see the file)."""
    try:
        vocabulary = WordPiece.read(minilm.TOKENS.path())
    except SourceError as error:
        pytest.skip(f"needs MiniLM's vocabulary: {error}")
    golden = json.loads(GOLDEN.read_text())["texts"]
    assert len(golden) > 200
    for text, ids in golden:
        assert vocabulary.ids(text) == ids, repr(text)


def test_vocabularies_that_cannot_be_used(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nx\n")
    assert WordPiece.read(path).ids("x") == [4]
    path.write_text("[PAD]\n[UNK]\nx\nx\n")
    with pytest.raises(ValueError, match="has 4 lines and 3 different tokens, expected every"):
        WordPiece.read(path)
    with pytest.raises(ValueError, match=r"the vocabulary lacks \[CLS\], \[SEP\]"):
        WordPiece(vocabulary={"[PAD]": 0, "[UNK]": 1})
    with pytest.raises(ValueError, match="length is 1, expected 2 or more"):
        SMALL.encode(["a"], length=1)
