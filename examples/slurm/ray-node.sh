#!/usr/bin/env bash
# One node of a Ray cluster, until it is ended: the first task of the step is the head, at HOST:PORT, and the others join it.
set -euo pipefail
export RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S=0 # it is ended when the work is done: there is nothing to wait for
head=$1
own=${NODE_ADDRESS:-$(hostname --ip-address | cut -d' ' -f1)}
# Records never pass through Ray, only the names of tasks: the smallest store will do.
common=(--node-ip-address="$own" --num-cpus="${SLURM_CPUS_PER_TASK:-1}" --object-store-memory=80000000
    --min-worker-port=0 --max-worker-port=0 --disable-usage-stats --block)

if [ "${SLURM_PROCID:-0}" -eq 0 ]; then
    exec ray start --head --port="${head##*:}" --include-dashboard=false ${RAY_TMPDIR:+--temp-dir="$RAY_TMPDIR"} "${common[@]}"
fi
until (exec 3<>"/dev/tcp/${head%:*}/${head##*:}") 2>/dev/null; do sleep 0.2; done
exec ray start --address="$head" "${common[@]}"
