"""Running the command in this process."""

from pathlib import Path

import pytest

from rules.cli import main

ROOT = Path(__file__).parents[3]
TEXT = (Path(__file__).parents[1] / "example.rules").read_text()
CASES = """\
p_default,p_fraud,income,amount,age,late_payments,guarantor,purpose
0.03,0.01,60000,20000,40,0,false,car
0.62,0.0,30000,120000,40,0,false,car
0.62,0.0,,120000,40,0,false,car
"""
Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err
