"""The command: python launch.py --config=experiments/credit/config.py --workdir=DIR."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from absl import app, flags, logging
from ml_collections import config_flags

from experiments import modes, overrides
from experiments.experiment import ExperimentError

_CONFIG = config_flags.DEFINE_config_file(
    "config",
    None,
    "Experiment file (values by --config.x.y=VALUE); by default the one the workdir belongs to.",
    lock_config=True,
)
_WORKDIR = flags.DEFINE_string("workdir", None, "Directory of the run.", required=True)
_MODE = flags.DEFINE_enum("mode", "all", ["all", "train", "evaluate", "decide"], "What to do.")
_CASES = flags.DEFINE_string("cases", None, "Decide the cases of this .csv, .jsonl or .parquet.")
_OUT = flags.DEFINE_string("out", None, "Where to write the decisions of --cases.")
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Discard the run that the workdir holds.")


def _parse(argv: Sequence[str]) -> list[str]:
    try:
        remaining = flags.FLAGS(overrides.checked(argv))
    except (ExperimentError, flags.Error) as error:
        sys.exit(f"launch.py: {error}")
    if remaining[1:]:
        sys.exit(f"launch.py: not a flag: {' '.join(remaining[1:])}: did you mean --key=value?")
    return list(remaining)


def main(argv: Sequence[str]) -> None:
    """Hands the flags to the experiment's modes."""
    if not flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)  # Orbax tells of every file it writes
    config = flags.FLAGS["config"]
    modes.run(
        config_file=config_flags.get_config_filename(config) if config.present else None,
        config=lambda: _CONFIG.value,
        workdir=_WORKDIR.value,
        mode=_MODE.value,
        cases=_CASES.value,
        out=_OUT.value,
        overwrite=_OVERWRITE.value,
    )


if __name__ == "__main__":
    app.run(main, flags_parser=_parse)
