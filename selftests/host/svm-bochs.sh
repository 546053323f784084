# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Host "svm-bochs": an AMD machine in Bochs. It has what QEMU's emulation of SVM lacks (NRIPS, flush
# by ASID, several processors) and lacks what that has. MODEL= names another of its processors; see
# bochs.sh.

MODEL=${MODEL:-zambezi}
# shellcheck disable=SC2034 # used by bochs.sh
model=$MODEL
# shellcheck source=bochs.sh
. "$TOP/selftests/host/bochs.sh"

host_prepare()
{
	bochs_prepare
}

host_start()
{
	bochs_start "$@"
}
