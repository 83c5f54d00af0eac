#!/usr/bin/env bash
# suite.sh VERSION: prints the Debian suite that has this version of Slurm.
case ${1-} in
  20.11) echo bullseye ;;
  22.05) echo bookworm ;;
  24.11) echo trixie ;;
  26.05) echo forky ;;
  *)
    echo "no Slurm ${1-}: want 20.11, 22.05, 24.11 or 26.05" >&2
    exit 2
    ;;
esac
