"""The command: python launch.py --config=experiments/credit/config.py --workdir=DIR."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from research.environment import reexecute_with_huge_pages

if __name__ == "__main__":
    reexecute_with_huge_pages()  # before anything is imported that would be imported again

from absl import app, logging
from absl import flags as absl_flags
from ml_collections import config_flags

from experiments import flags, overrides
from experiments.experiment import ExperimentError


def _parse(argv: Sequence[str]) -> list[str]:
    try:
        sys.argv = overrides.checked(argv)  # where config_flags looks for overridden keys
        remaining = absl_flags.FLAGS(sys.argv)
        if remaining[1:]:
            found = " ".join(remaining[1:])
            raise ExperimentError(f"not a flag: {found}: did you mean --key=value?")
        return list(remaining)
    except (ExperimentError, absl_flags.Error) as error:
        print(f"launch.py: {error}", file=sys.stderr)
        sys.exit(2)  # not 1: whoever starts the command again after a crash must not do so


def main(argv: Sequence[str]) -> None:
    """Hands the flags to the experiment's modes, or to a supervisor of this command."""
    from experiments import hosts, modes

    if not absl_flags.FLAGS["verbosity"].present:
        logging.set_verbosity(logging.WARNING)  # Orbax tells of every file it writes
    if flags.MAX_RESTARTS.value:
        sys.exit(hosts.supervised(flags.WORKDIR.value, max_restarts=flags.MAX_RESTARTS.value))
    config = absl_flags.FLAGS["config"]
    with hosts.together():
        modes.run(
            config_file=config_flags.get_config_filename(config) if config.present else None,
            config=lambda: flags.CONFIG.value,
            workdir=flags.WORKDIR.value,
            mode=flags.MODE.value,
            cases=flags.CASES.value,
            out=flags.OUT.value,
            overwrite=flags.OVERWRITE.value,
            profile=flags.PROFILE.value,
            dry_run=flags.DRY_RUN.value,
        )


if __name__ == "__main__":
    app.run(main, flags_parser=_parse)
