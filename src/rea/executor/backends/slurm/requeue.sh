#!/bin/sh
# Stands before wrapper.sh in the batch script of a job that Slurm may start again: that very job, and no other, may claim anew.
#   batch CHECKPOINT ARGC FIRST... AGAIN...      FIRST and AGAIN are arguments of wrapper.sh; AGAIN goes on from CHECKPOINT
_checkpoint=$1 _argc=$2 _again=''; shift 2
_outer=$PATH PATH=/usr/bin:/bin
if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] && cd "$1" && [ -s claim ] && [ ! -e exit ] && [ ! -e cancel ]; then
  read -r _ _ _ _started _owner <claim
  # what the earlier start left behind may live on elsewhere: then the lock stays held, and so does the claim
  # (it is waited for, as whoever polls may be probing it just now)
  if [ "$_owner" = "${SLURM_JOB_ID:-none}" ] && flock -w 2 lock true; then
    _seen=$(stat -c %Y claim log next beat 2>/dev/null | sort -n | tail -n 1)
    _ran=$((_seen + 5 - _started)) _most=$(($(date +%s) - _started)) # the watcher leaves a sign every 5 s: never too little
    [ "$_ran" -le "$_most" ] || _ran=$_most
    echo "$_ran" >"spent.$_started" && mv claim "claim.$_started" && sync .
    _again=yes
  fi
fi
_spent=0; for _file in "$1"/spent.*; do [ ! -e "$_file" ] || _spent=$((_spent + $(cat "$_file"))); done
PATH=$_outer
if [ "$_again" ] && [ $# -gt "$_argc" ] && [ -e "$_checkpoint" ]; then shift "$_argc"
else
  _rest=$(($# - _argc))
  while [ "$_argc" -gt 0 ]; do set -- "$@" "$1"; shift; _argc=$((_argc - 1)); done; shift "$_rest"
fi
_where=$1 _cwd=$2 _time=$3; shift 3
if [ "$_time" -gt 0 ]; then _time=$((_time - _spent)); [ "$_time" -gt 0 ] || _time=1; fi # one reservation for all starts
set -- "$_where" "$_cwd" "$_time" "$@"
