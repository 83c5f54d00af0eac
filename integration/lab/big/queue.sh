#!/usr/bin/env bash
# queue.sh NUMBER...: queues a job of each number, no two alike, for $LARGE nodes, which are not free.
for i; do
  sbatch -Q -p wide -N "$LARGE" -n $((LARGE + i)) -t $((i % 600 + 10)) -o /dev/null --wrap true
done
