// SPDX-License-Identifier: GPL-2.0-only
/*
 * many64.c - 64 VPs; see many.h
 */
#include "many.h"

void payload(void);

void payload(void)
{
	many(64);
}
