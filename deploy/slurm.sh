#!/bin/bash
# A run on as many nodes as Slurm gives, in one job:
#
#   sbatch --nodes 4 --cpus-per-task 32 deploy/slurm.sh /data/videos --out /data/timelines.parquet
#
# Give it from the environment in which streamfer is installed: Slurm hands that on. What follows the
# script's name are the arguments of `streamfer run`. Every node must see the inputs; only the first need
# see the output. When its time is nearly up, the job puts itself into the queue again, and goes on where
# it was; so does one that Slurm preempts and requeues. Finished segments are never done twice, and a
# second job with the same output is refused while the first runs.

#SBATCH --job-name=streamfer
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --mem-per-cpu=2G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@120

set -euo pipefail

# The nodes know each other by a token that is made for this job alone.
RAY_AUTH_TOKEN=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
export RAY_AUTH_TOKEN RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0

# Two jobs on one node must share neither a port nor a folder.
head=$SLURMD_NODENAME
port=$((20000 + SLURM_JOB_ID % 10000 * 3))
folder=/tmp/ray-$SLURM_JOB_ID

ray_nodes=()
run=
requeue=

start_nodes() { # start_nodes COUNT PLACEMENT... -- FLAGS...: Ray on COUNT nodes, in the background
    local step=(srun --overlap --nodes "$1" --ntasks "$1" --cpus-per-task "$SLURM_CPUS_PER_TASK")
    shift
    while [ "$1" != -- ]; do
        step+=("$1")
        shift
    done
    shift
    "${step[@]}" ray start --block --num-cpus "$SLURM_CPUS_PER_TASK" --temp-dir "$folder" \
        --min-worker-port 0 --max-worker-port 0 --dashboard-agent-listen-port $((port + 1)) "$@" &
    ray_nodes+=($!)
}

# shellcheck disable=SC2329 # the trap calls it
finish() {
    trap '' USR1 TERM
    kill "${ray_nodes[@]}" 2>/dev/null || true
    wait "${ray_nodes[@]}" 2>/dev/null || true
    srun --overlap --ntasks "$SLURM_NNODES" rm -rf "$folder" || true
    if [ -n "$requeue" ]; then
        scontrol requeue "$SLURM_JOB_ID"
    fi
}

# A run that is asked to end by SIGTERM commits what it has, and exits.
trap 'requeue=yes; kill -TERM $run' USR1
trap 'kill -TERM $run' TERM
trap finish EXIT

start_nodes 1 --nodelist "$head" -- \
    --head --port "$port" --include-dashboard false --ray-client-server-port $((port + 2))
until (: >"/dev/tcp/$head/$port") 2>/dev/null; do
    kill -0 "${ray_nodes[0]}" # ends the job if Ray could not start
    sleep 1
done
if ((SLURM_NNODES > 1)); then
    start_nodes $((SLURM_NNODES - 1)) --exclude "$head" -- --address "$head:$port"
fi

# It begins at once: nodes that join later get workers when they do.
streamfer run --address "$head:$port" "$@" &
run=$!
code=0
wait "$run" || code=$?
if kill -0 "$run" 2>/dev/null; then # the wait was cut short by a signal
    code=0
    wait "$run" || code=$?
fi
exit "$code"
