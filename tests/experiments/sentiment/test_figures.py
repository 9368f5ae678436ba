import numpy as np
import pytest

from experiments.sentiment import figures, texts
from experiments.sentiment.config import get_config
from research.data.datasets import sentiment

LINES = {
    "amazon": ["1_1\t-0.9\tno picture.", "1_2\t2.5\ti love it!", "2_1\t0.1\tfine"],
    "tweets": ["1\t3\tyay", "2\t-4\tboo", "3\t-0.5\tmeh", "4\t-0.4\thm"],
}


@pytest.fixture
def snippets():
    return sentiment.parse(LINES)


def test_only_texts_of_a_clear_polarity_count(snippets):
    score = np.array([-1.0, -1, -1, 1, 1, -0.5, -3])
    negative = snippets.ratings <= -0.5
    assert negative.tolist() == [True, False, False, False, True, True, False]
    found = figures.figures("ours", score, snippets, negative)
    assert found["accuracy"] == pytest.approx(3 / 5)
    assert found["correlation"] == pytest.approx(np.corrcoef(score, snippets.ratings)[0, 1])
    assert list(found["by_source"]) == ["amazon", "tweets"]
    # All three have the same score.
    assert found["by_source"]["amazon"] == {"accuracy": 1 / 2, "correlation": 0}
    assert found["by_source"]["tweets"]["accuracy"] == pytest.approx(2 / 3)
    pairs = [(-p > -n) + (p == n) / 2 for p in score[negative] for n in score[~negative]]
    assert found["auc"] == pytest.approx(np.mean(pairs))


def test_the_headline_is_held_against_the_best_of_the_others(snippets):
    right = snippets.ratings.astype(float)
    found = {"ours": right, "bad": -right, "good": right - 3}
    data = {"train": snippets, "test": snippets}
    result = figures.evaluation(found, data, snippets.ratings <= -0.5, parameters=7)
    assert result["examples"] == {"train": 7, "test": 7}
    assert result["headline"]["baseline"] == "good"
    assert result["headline"]["value"] == 1
    assert result["headline"]["parameters"] == 7
    assert "test (7 texts)" in result["summary"]


@pytest.fixture
def many(monkeypatch):
    lines = {
        "amazon": [f"{n // 4}_{n}\t{n % 5 - 2}\ttext {n}" for n in range(80)],
        "movies": [f"{n}\t{n % 5 - 2}\tfilm {n}" for n in range(120)] + ["x\t1\ttext 3"],
    }
    monkeypatch.setattr(sentiment, "load", lambda: sentiment.parse(lines))


def test_reviews_stay_together_and_repeated_texts_are_left_out(many):
    config = get_config()
    parts = texts.by_part(config)
    assert sum(map(len, parts.values())) == 200
    assert [len(parts[name]) for name in ("train", "validation", "test")] == [140, 20, 40]
    groups = [set(part.groups.tolist()) for part in parts.values()]
    assert not (groups[0] & groups[1] or groups[0] & groups[2] or groups[1] & groups[2])
    assert texts.negative(config, parts["test"]).tolist() == [
        rating <= -0.5 for rating in parts["test"].ratings
    ]


def test_fewer_texts_and_fewer_labels(many):
    config = get_config()
    config.data.limit = 100
    assert sum(map(len, texts.by_part(config).values())) == 100
    config.data.limit, config.data.labels = 0, 30
    few = texts.by_part(config)
    assert len(few["train"]) == 30
    assert np.bincount(few["train"].sources, minlength=2).tolist() == [12, 18]
    assert len(few["test"]) == 40
