#!/bin/sh
# A batch script for a command that is given as arguments: sbatch takes scripts only.
exec "$@"
