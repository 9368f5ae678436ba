# shellcheck shell=bash
# Read by every script here: the settings, and gcloud with a dry run.

set -euo pipefail

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034
checkout=$(cd "$tools/../.." && pwd)
settings=$tools/settings
dry_run=0

fail() {
    echo "$(basename "$0"): $*" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
        --settings=*) settings=${1#*=} ;;
        --dry_run) dry_run=1 ;;
        *) fail "not an option: $1 (there are --settings=FILE and --dry_run)" ;;
    esac
    shift
done

[ -f "$settings" ] || fail "there is no $settings: copy $tools/settings.example to it and edit it"
# shellcheck source=settings.example
. "$settings"
for name in PROJECT ZONE NAME ACCELERATOR IMAGE SPOT WORKDIR PYTHON COMMAND POLL RESTARTS; do
    [ -n "${!name:-}" ] || fail "$settings does not set $name: see $tools/settings.example"
done
case $SPOT in 0 | 1) ;; *) fail "SPOT is $SPOT in $settings, expected 0 or 1" ;; esac
[ "$dry_run" = 1 ] || command -v gcloud > /dev/null || fail "gcloud is not installed: install the Google Cloud CLI, or pass --dry_run to see what would be called"

# Calls gcloud, or prints the call.
call() {
    if [ "$dry_run" = 1 ]; then
        printf 'gcloud'
        printf ' %q' "$@"
        printf '\n'
    else
        gcloud "$@"
    fi
}

queued() {
    local verb=$1
    shift
    call compute tpus queued-resources "$verb" "$NAME" --zone="$ZONE" --project="$PROJECT" "$@"
}

# on_hosts WORKERS COMMAND: runs a command there, on all of them at the same time.
on_hosts() {
    call compute tpus tpu-vm ssh "$NAME" --zone="$ZONE" --project="$PROJECT" --worker="$1" --command="$2"
}

# Prints the state of the TPU: that of its request, or MISSING, or PREEMPTED.
state() {
    local found
    found=$(value queued-resources) || return 1
    if [ "$found" = ACTIVE ]; then
        # The request may not know yet that its TPU was taken back.
        case $(value tpu-vm) in
            PREEMPTED | TERMINATED | STOPPED | MISSING) found=PREEMPTED ;;
        esac
    fi
    echo "$found"
}

value() {
    local path=state answer
    [ "$1" = tpu-vm ] || path=state.state
    if answer=$(gcloud compute tpus "$1" describe "$NAME" --zone="$ZONE" --project="$PROJECT" --format="value($path)" 2>&1); then
        echo "${answer##*$'\n'}"
    elif [[ $answer == *NOT_FOUND* ]]; then
        echo MISSING
    else
        echo "$answer" >&2
        return 1
    fi
}
