import os
import subprocess
import sys
from pathlib import Path

import pytest

from research import environment
from research.environment import with_huge_pages

ROOT = Path(__file__).parents[2]
MADVISE = "always [madvise] never"


@pytest.mark.parametrize("libc", ["glibc 2.35", "glibc 2.36", "glibc 3.0", "glibc 2.40.9000"])
def test_malloc_is_told_to_use_huge_pages(libc):
    made = with_huge_pages({"A": "b"}, offered=MADVISE, libc=libc)
    assert made == {"A": "b", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def test_other_tunables_stay():
    made = with_huge_pages({"GLIBC_TUNABLES": "x=1"}, offered=MADVISE, libc="glibc 2.36")
    assert made == {"GLIBC_TUNABLES": "x=1:glibc.malloc.hugetlb=1"}


@pytest.mark.parametrize(
    ("variables", "offered", "libc"),
    [
        ({}, "[always] madvise never", "glibc 2.36"),
        ({}, "always madvise [never]", "glibc 2.36"),
        ({}, MADVISE, "glibc 2.34"),
        ({}, MADVISE, "musl 1.2"),
        ({}, MADVISE, ""),
        ({"GLIBC_TUNABLES": "glibc.malloc.hugetlb=0"}, MADVISE, "glibc 2.36"),
        ({"RULAX_HUGE_PAGES": "0"}, MADVISE, "glibc 2.36"),
        ({"LD_PRELOAD": "libtcmalloc.so"}, MADVISE, "glibc 2.36"),
    ],
)
def test_things_are_left_as_they_are(variables, offered, libc):
    assert with_huge_pages(variables, offered=offered, libc=libc) is None


SCRIPT = """
import os, sys
from pathlib import Path
from research import environment
environment._HUGE_PAGES = Path(sys.argv[1])
print("started", flush=True)
environment.reexecute_with_huge_pages()
print(os.environ.get("GLIBC_TUNABLES"), sys.argv[2:], *({"jax", "numpy"} & set(sys.modules)))
"""


@pytest.mark.parametrize("offered", [MADVISE, "[always] madvise never", None])
def test_a_program_starts_itself_anew_at_most_once(tmp_path, offered):
    version = os.confstr("CS_GNU_LIBC_VERSION") or ""
    if with_huge_pages({}, offered=MADVISE, libc=version) is None:
        pytest.skip(f"needs glibc 2.35 or newer, here is {version or 'none'}")
    file, script = tmp_path / "enabled", tmp_path / "script.py"
    if offered:
        file.write_text(offered)
    script.write_text(SCRIPT)
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in ("GLIBC_TUNABLES", "RULAX_HUGE_PAGES", "LD_PRELOAD"):
        variables.pop(name, None)
    arguments = ["--key=a b", ""]
    lines = subprocess.run(
        [sys.executable, "-X", "dev", script, file, *arguments],
        env=variables,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.splitlines()
    if offered == MADVISE:
        assert lines == ["started", "started", f"glibc.malloc.hugetlb=1 {arguments}"]
    else:
        assert lines == ["started", f"None {arguments}"]


def test_where_the_kernel_says_nothing_nothing_happens(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "_HUGE_PAGES", tmp_path / "absent")
    environment.reexecute_with_huge_pages()


def test_what_is_executed(monkeypatch, tmp_path):
    called = []
    file = tmp_path / "enabled"
    file.write_text(MADVISE)
    monkeypatch.setattr(environment, "_HUGE_PAGES", file)
    monkeypatch.setattr(os, "confstr", lambda name: "glibc 2.36")
    monkeypatch.setattr(os, "execve", lambda *given: called.append(given))
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "launch.py", "--x"])
    for name in ("GLIBC_TUNABLES", "RULAX_HUGE_PAGES", "LD_PRELOAD"):
        monkeypatch.delenv(name, raising=False)
    environment.reexecute_with_huge_pages()
    ((program, arguments, variables),) = called
    assert program == sys.executable
    assert arguments == [sys.executable, "-X", "dev", "launch.py", "--x"]
    assert variables["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"
