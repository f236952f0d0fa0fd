#!/bin/sh
# Run one job: claim it, hold its lock, enforce its limits, record its exit durably, wake the agent.
#   wrapper.sh CONTROL CWD TIME SILENCE GRACE MEMORY_KB WAKE_ARGC [WAKE...] COMMAND [ARG...]
# Limits are whole seconds, 0 = none. Our variables begin with _ so that they shadow nothing of the job's environment.
{ # the braces make sh parse all of this before it runs any, so that an upgrade under a running job is harmless
_control=$1 _cwd=$2 _time=$3 _silence=$4 _grace=$5 _memory=$6 _wake=$7; shift 7
_path=$PATH PATH=/usr/bin:/bin

_look() { read -r _up _ </proc/uptime; _now=${_up%.*} _cs=${_up%.*}${_up#*.}; }
_birth() { { read -r _up <"/proc/$1/stat"; } 2>/dev/null && set -- ${_up##*) } && _born=${20:-}; }
_nap() { sleep "$1" & _sleep=$!; wait "$_sleep"; }
_stop() { # the watcher's exit status tells why: it needs no room on a full disk
  _why=$1
  kill -s TERM -- "-$_job" || kill -s TERM "$_job"; _nap "$_grace"; kill -s KILL -- "-$_job" || kill -s KILL "$_job"
}
_watch() {
  exec 9>&-
  _why=0 _sleep='' _since=$_begun _quiet=$_begun
  trap 'kill $_sleep; exit "$_why"' TERM
  echo >beat
  while _birth "$_job" && [ "$_born" = "$_job_born" ]; do # outlives a killed wrapper, never a reused pid
    _look; echo >next # taken before looking, so that no change slips between look and mark
    if [ -n "$(find log ../out -newer beat -print -quit)" ]; then mv next beat; _quiet=$_now; fi
    if [ -e cancel ]; then _stop 3
    elif [ "$_time" -gt 0 ] && [ $((_now - _since)) -ge "$_time" ]; then _stop 1
    elif [ "$_silence" -gt 0 ] && [ $((_now - _quiet)) -ge "$_silence" ]; then _stop 2
    else
      _tick=5 _left=$((_time + _since - _now))
      [ "$_time" -eq 0 ] || [ "$_left" -ge "$_tick" ] || _tick=$_left
      [ "$_silence" -eq 0 ] || [ "$_silence" -ge "$_tick" ] || _tick=$_silence
      _nap "$_tick"
    fi
  done
  exit "$_why"
}
_record() { # exit.tmp exists already, with room for this, so that a full disk cannot keep the exit from being told
  printf '{"code": %d, "signal": %s, "reason": "%s", "started": %d, "ended": %d, "seconds": %d.%02d}' \
    "$_code" "$_signal" "$_reason" "$_started" "$(date +%s)" $((_spent / 100)) $((_spent % 100)) 1<>exit.tmp \
    && sync exit.tmp && mv -f exit.tmp exit && sync .
}

# waits: of a job that is started again, whoever polls may have read the earlier claim and be probing the lock just now
cd "$_control" && exec 9>>lock && flock -w 2 9 || exit 0
read -r _boot </proc/sys/kernel/random/boot_id; _birth $$; _started=$(date +%s)
(set -C; echo "$$ $_born $_boot $_started ${SLURM_JOB_ID:-}" >claim) 2>/dev/null || exit 0 # at most one execution, ever
sync claim .
read -r _node </proc/sys/kernel/hostname; echo "${SLURMD_NODENAME:-$_node}" >node # where, so that a node that fails jobs is known
_look; _begun=$_now _cs0=$_cs _setsid=$(command -v setsid)
(
  shift "$_wake"; PATH=$_path
  cd "$_cwd" && unset OLDPWD && { [ "$_memory" -eq 0 ] || ulimit -d "$_memory"; } || exit 126
  exec "$_setsid" "$@" # its own session and group; the lock stays open in it
) </dev/null >>log 2>&1 &
_job=$!
_birth "$_job"; _job_born=$_born; echo "$_job $_job_born $_boot" >job
(_watch) 2>/dev/null & _watcher=$!
wait "$_job"; _code=$? _signal=null _reason=exited
_look; _spent=$((_cs - _cs0))
kill -s KILL -- "-$_job" 2>/dev/null # what the job left behind in its group
kill "$_watcher" 2>/dev/null; wait "$_watcher"
case $? in 1) _reason=time_limit ;; 2) _reason=silence_limit ;; *) [ ! -e cancel ] || _reason=cancelled ;; esac
[ "$_code" -le 128 ] || _signal=$((_code - 128))
until _record; do sleep 5; done
exec 9>&-
_rest=$(($# - _wake)); while [ "$_wake" -gt 0 ]; do set -- "$@" "$1"; shift; _wake=$((_wake - 1)); done; shift "$_rest"
[ $# -eq 0 ] || exec "$@"
exit 0
}
