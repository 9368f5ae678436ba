"""The command's flags."""

from __future__ import annotations

from absl import flags
from ml_collections import config_flags

CONFIG = config_flags.DEFINE_config_file(
    "config",
    None,
    "Experiment file (values by --config.x.y=VALUE); by default the one the workdir belongs to.",
    lock_config=True,
)
PRESET = flags.DEFINE_string(
    "preset", None, "Named changes to the configuration, such as fast; --config.x.y=VALUE wins."
)
FAST = flags.DEFINE_bool("fast", False, "The same as --preset=fast: the whole run in a minute.")
WORKDIR = flags.DEFINE_string("workdir", None, "Directory of the run.", required=True)
MODE = flags.DEFINE_enum("mode", "all", ["all", "train", "evaluate", "decide"], "What to do.")
CASES = flags.DEFINE_string("cases", None, "Decide the cases of this .csv, .jsonl or .parquet.")
OUT = flags.DEFINE_string("out", None, "Where to write the decisions of --cases.")
OVERWRITE = flags.DEFINE_bool("overwrite", False, "Discard the run that the workdir holds.")
PROFILE = flags.DEFINE_string(
    "profile", None, "Trace these steps, FIRST:LAST, into profile/ of the workdir."
)
DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Compile the training and show shapes, shardings, FLOPs and memory; no run."
)
MAX_RESTARTS = flags.DEFINE_integer(
    "max_restarts", 0, "Start again after a crash or a preemption, so often without progress."
)

COORDINATOR = flags.DEFINE_string(
    "coordinator", None, "host:port of process 0; detected on TPU VMs and under SLURM."
)
PROCESSES = flags.DEFINE_integer("processes", None, "How many processes, with --coordinator.")
PROCESS = flags.DEFINE_integer("process", None, "Which one this is, from 0, with --coordinator.")
PORT = flags.DEFINE_integer("port", None, "Port of the detected coordinator.")
CPU_DEVICES = flags.DEFINE_integer(
    "cpu_devices", None, "Virtual devices on the CPU: for trials and dry runs, not for speed."
)
HOST_TIMEOUT = flags.DEFINE_integer("host_timeout", 300, "Seconds to wait for all processes.")
HEARTBEAT_TIMEOUT = flags.DEFINE_integer(
    "heartbeat_timeout", 100, "Seconds of silence after which a process counts as dead."
)
