# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Host "vmx": an Intel machine in Bochs, with EPT, VPID and unrestricted guest. MODEL= names another
# of its processors; see bochs.sh.

MODEL=${MODEL:-corei7_skylake_x}
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
