"""Rule files of an experiment, with what they import."""

from __future__ import annotations

import pytest

from experiments.policies import PolicyError, kept_policy, policy_files, read_policy
from research.workdir import Workdir

RULES = """ruleset {name} version 1
import "{imported}"
input income: float
derive poor if income < limit
"""
LIMITS = "ruleset limits version 1\nparam limit: float = {limit}\n"


def write(folder, name="main", imported="limits.rules", limit=3):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.rules").write_text(RULES.format(name=name, imported=imported))
    (folder / "limits.rules").write_text(LIMITS.format(limit=limit))
    return str(folder / f"{name}.rules")


def test_a_workdir_keeps_what_a_policy_imports(tmp_path):
    policy = read_policy([write(tmp_path / "a")], expected=1)
    files = policy_files(policy)
    assert list(files) == ["main.rules", "limits.rules"]
    home = Workdir(tmp_path / "run")
    home.path.mkdir()
    for name, text in files.items():
        home.write_text(name, text)
    (kept,) = kept_policy(["somewhere/main.rules"], home)
    assert kept.sha256 == policy[0].sha256
    assert policy_files((kept,)) == files


def test_imports_from_elsewhere_are_refused(tmp_path):
    path = write(tmp_path / "a", imported="../b/limits.rules")
    write(tmp_path / "b")
    with pytest.raises(PolicyError, match=r"main\.rules imports \.\./b/limits\.rules"):
        read_policy([path], expected=1)


def test_two_files_of_one_name_must_be_the_same(tmp_path):
    first, same = write(tmp_path / "a"), write(tmp_path / "a", name="other")
    assert len(policy_files(read_policy([first, same], expected=2))) == 3
    different = write(tmp_path / "b", name="third", limit=4)
    with pytest.raises(PolicyError, match=r"third\.rules imports another limits\.rules"):
        policy_files(read_policy([first, different], expected=2))
