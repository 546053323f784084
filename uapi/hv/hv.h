/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The whole hypervisor interface.
 */
#ifndef _UAPI_HV_HV_H
#define _UAPI_HV_HV_H

#include "types.h"
#include "status.h"
#include "call.h"
#include "call_partition.h"
#include "call_port.h"
#include "cpuid.h"
#include "eventlog.h"
#include "message.h"
#include "msr.h"
#include "page.h"
#include "property.h"
#include "register.h"
#include "stats.h"

#endif /* _UAPI_HV_HV_H */
