import dataclasses
import json

import jax
import numpy as np
import pytest
from flax import nnx

from experiments.transfer.heads import Heads
from experiments.transfer.reader import Pieces
from research.models.pretrained.wordpiece import WordPiece

VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "good", "film", "##s")
HEADS = Heads(readout=(1.0, -2.0, 0.5), mean=(0.5, 1.0, -1.0))


@pytest.fixture
def reader():
    tokenizer = WordPiece(vocabulary={token: number for number, token in enumerate(VOCABULARY)})
    return Pieces(tokenizer=tokenizer, length=5, heads=HEADS)


def test_pieces_are_cut_off_before_the_mark_of_the_end(reader):
    columns = reader.columns(["A good films", "a zzz", "", "a a a"])
    assert columns["read"].tolist() == [
        [2, 4, 5, 6, 3],
        [2, 4, 1, 3, 0],
        [2, 3, 0, 0, 0],
        [2, 4, 4, 4, 3],
    ]
    assert columns["unread"].tolist() == [1, 0, 0, 0]
    np.testing.assert_allclose(columns["unseen"], [0, 1 / 2, 0, 0])
    assert reader(columns) is columns["read"]
    assert reader.read("A good film") == ["A good film"]


def test_pieces_of_short_texts_are_filled_up(reader):
    assert reader.columns(["a"])["read"].tolist() == [[2, 4, 3, 0, 0]]


def test_heads_are_those_that_scikit_learn_fits():
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    from sklearn.linear_model import LogisticRegression, Ridge

    random = np.random.default_rng(0)
    features = random.normal(size=(300, 6))
    grades = features @ random.normal(size=6) + random.normal(size=300)
    labels = grades < 0
    held_out = np.arange(300) >= 200
    heads = Heads.fit(features, labels, grades, held_out=held_out)
    candidates = [
        LogisticRegression(C=c, max_iter=500).fit(features[:200], labels[:200])
        for c in (1.0, 10.0, 100.0)
    ]
    best = max(candidates, key=lambda m: m.score(features[200:], labels[200:]))
    params = heads.params()
    logits = features @ params["readout"]["kernel"] + params["readout"]["bias"]
    np.testing.assert_allclose(
        jax.nn.softmax(logits), best.predict_proba(features), rtol=1e-3, atol=1e-4
    )
    ridges = [Ridge(alpha=1 / c).fit(features[:200], grades[:200]) for c in (1.0, 10.0, 100.0)]
    ridge = max(ridges, key=lambda m: m.score(features[200:], grades[200:]))
    np.testing.assert_allclose(heads.rating(features), ridge.predict(features), rtol=1e-6)
    rating = features @ params["mean"]["kernel"] + params["mean"]["bias"]
    np.testing.assert_allclose(rating[:, 0], heads.rating(features), rtol=1e-3, atol=1e-4)
    again = Heads.from_json(json.loads(json.dumps(dataclasses.asdict(heads))))
    assert again == heads


def test_the_encoder_is_frozen_by_path_up_to_its_last_two_layers(monkeypatch):
    from experiments.transfer import config as transfer
    from experiments.transfer.heads import SentenceRater

    shapes = nnx.to_pure_dict(
        nnx.state(nnx.eval_shape(lambda: SentenceRater(dropout=0.0, rngs=nnx.Rngs(0))), nnx.Param)
    )
    config = transfer.get_config()
    state = jax.eval_shape(transfer.build_task(config, None).optimizer.init, shapes)
    moments = {
        jax.tree_util.keystr(path, simple=True, separator="/").partition("mu/")[2]
        for path, leaf in jax.tree_util.tree_leaves_with_path(state)
        if "mu/" in jax.tree_util.keystr(path, simple=True, separator="/") and leaf.size
    }
    tops = {path.split("/")[2] for path in moments if path.startswith("encoder/layers")}
    assert tops == {"4", "5"}
    assert not any("embedding" in path or "positions" in path for path in moments)
    assert {"readout/kernel", "mean/bias"} <= moments
