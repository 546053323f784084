// SPDX-License-Identifier: GPL-2.0-only
/*
 * many96.c - 96 VPs; see many.h
 */
#include "many.h"

void payload(void);

void payload(void)
{
	many(96);
}
