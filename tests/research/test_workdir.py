import os

import pytest

from research.workdir import Workdir, WorkdirError, differing

CONFIG = {"experiment": "e.py", "config": {"seed": 0, "model": {"hidden": (64, 64)}}}


@pytest.fixture
def workdir(tmp_path):
    made = Workdir(tmp_path / "run")
    made.claim(CONFIG)
    made.checkpoints.mkdir()
    return made


def test_the_same_configuration_may_come_again(workdir):
    workdir.claim(CONFIG)
    assert workdir.config()["config"]["model"]["hidden"] == [64, 64]


def test_another_configuration_is_refused_and_the_difference_shown(workdir):
    other = {
        "experiment": "e.py",
        "config": {"seed": 1, "model": {"hidden": (64, 64), "dropout": 0.1}},
    }
    with pytest.raises(WorkdirError) as refusal:
        workdir.claim(other)
    assert str(refusal.value) == (
        f"{workdir.path} belongs to another configuration:\n"
        "  config.model.dropout: None there, 0.1 now\n"
        "  config.seed: 0 there, 1 now\n"
        "use another --workdir, or pass --overwrite to discard that run and start again"
    )


def test_free_keys_may_differ_and_change_nothing(workdir):
    workdir.claim({**CONFIG, "config": {**CONFIG["config"], "seed": 3}}, free=("config.seed",))
    assert workdir.config()["config"]["seed"] == 0


def test_a_free_key_frees_only_itself_and_what_is_below():
    before, now = {"policy": {"a": 1}, "policy_b": 1}, {"policy": {"a": 2}, "policy_b": 2}
    assert list(differing(before, now, free=("policy",))) == ["policy_b"]


def test_overwrite_discards_everything(workdir):
    workdir.write_text("old.txt", "old")
    workdir.claim({"experiment": "other.py"}, overwrite=True)
    assert sorted(path.name for path in workdir.path.iterdir()) == ["config.json"]


def test_a_directory_that_is_not_ours_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(WorkdirError, match="not empty and holds no config.json"):
        Workdir(tmp_path).claim(CONFIG)
    with pytest.raises(WorkdirError, match="--overwrite leaves it alone"):
        Workdir(tmp_path).claim(CONFIG, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def test_a_damaged_config_is_named(workdir):
    (workdir.path / "config.json").write_text("{")
    with pytest.raises(WorkdirError, match="is not valid JSON"):
        workdir.claim(CONFIG)


def test_what_is_missing_and_which_mode_makes_it(tmp_path):
    workdir = Workdir(tmp_path)
    with pytest.raises(WorkdirError, match="train first"):
        workdir.config()
    with pytest.raises(WorkdirError, match="run --mode=evaluate first"):
        workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate")


def test_a_failing_write_leaves_the_old_file(workdir):
    workdir.write_text("report.html", "old")
    with pytest.raises(RuntimeError), workdir.write("report.html") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert (workdir.path / "report.html").read_text() == "old"
    assert len(list(workdir.path.iterdir())) == 3


def test_a_full_disk_is_explained(workdir):
    with (
        pytest.raises(WorkdirError, match="No space left on device: free space"),
        workdir.write("x"),
    ):
        raise OSError(28, os.strerror(28))


def test_a_file_in_the_way_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkdirError, match="choose another --workdir"):
        Workdir(tmp_path / "file").claim(CONFIG)


def test_a_read_only_disk_is_explained(tmp_path, monkeypatch):
    # Raised by hand: tests may run as root, whom permissions don't stop.
    def refuse(*_, **__):
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    with pytest.raises(WorkdirError, match="Read-only file system"):
        Workdir(tmp_path / "run").claim(CONFIG)


def test_while_nothing_is_trained_the_configuration_may_change(tmp_path):
    workdir = Workdir(tmp_path)
    workdir.claim({"experiment": "e.py", "config": {"batch_size": 0}})
    workdir.claim({"experiment": "e.py", "config": {"batch_size": 8}})
    assert workdir.config()["config"]["batch_size"] == 8


def test_a_config_of_somebody_else_is_named(workdir):
    (workdir.path / "config.json").write_text("{}")
    with pytest.raises(WorkdirError, match="holds no configuration of ours"):
        workdir.config()


@pytest.mark.parametrize("text", ["{", "{}", '{"scale": "x"}', "[]"])
def test_damaged_json_is_named_with_what_to_do(workdir, text):
    workdir.write_text("calibration.json", text)
    with pytest.raises(
        WorkdirError, match=r"calibration.json is damaged .* run --mode=train again"
    ):
        workdir.read_json("calibration.json", lambda data: float(data["scale"]))


def test_a_path_may_be_text(tmp_path):
    assert Workdir(str(tmp_path)).metrics == tmp_path / "metrics.jsonl"
