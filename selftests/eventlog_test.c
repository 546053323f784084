// SPDX-License-Identifier: GPL-2.0-only
/*
 * eventlog_test.c - the event log (TLFS 19 and Appendix I), system properties and run time of
 * logical processors (23 and 6.4.1)
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eventlog.h"
#include "guest_code.h"

#define SLOTS	64
#define HOLE	0x80000000ULL
#define IM	HV_EVENTLOG_GROUP_INTERCEPT_MANAGER

FIXTURE(eventlog) {
	int dev;
	u8 *window;
	size_t size;
};

FIXTURE_SETUP(eventlog)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
	self->dev = open(VMM_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->dev);
	self->size = SLOTS * PAGE;
	self->window = mmap(NULL, self->size, PROT_READ, MAP_SHARED, self->dev, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->window);
}

/* whatever a test leaves goes with the window */
FIXTURE_TEARDOWN(eventlog)
{
	munmap(self->window, self->size);
	close(self->dev);
	EXPECT_TRUE(vmm_count_settles("pages", 0));
}

/* ---- statuses ---- */

TEST_F(eventlog, not_initialized)
{
	u64 gpns[512];
	int dev = self->dev;

	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, finalize(dev, SYSTEM));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, create(dev, SYSTEM, 0));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, delete(dev, SYSTEM, 0));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, map(dev, SYSTEM, 0, gpns));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, sources(dev, DIAG, 1));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, release(dev, SYSTEM, 0));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, flush(dev, DIAG, 0));
	PROVES("HC-0061/OPERATION_DENIED HC-0062/OPERATION_DENIED HC-0063/OPERATION_DENIED "
	       "HC-0064/OPERATION_DENIED HC-0066/OPERATION_DENIED HC-0067/OPERATION_DENIED "
	       "HC-0068/OPERATION_DENIED B-19-024 B-19-025 B-19-029");
}

TEST_F(eventlog, parameters)
{
	u64 gpns[512];
	int dev = self->dev;

	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, init(dev, 2, 4, 1, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, init(dev, SYSTEM, 0, 1, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, init(dev, SYSTEM, 513, 1, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, init(dev, SYSTEM, 4, 0, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, init(dev, SYSTEM, 4, 513, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, init(dev, SYSTEM, 4, 1, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, init(dev, SYSTEM, 4, 1, 5));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, init_basis(dev, SYSTEM, 4, 1, 1, 2));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, finalize(dev, 2));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, create(dev, 2, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, sources(dev, 2, 0));

	ASSERT_EQ(0, init(dev, SYSTEM, 4, 1, 1));
	EXPECT_EQ(HV_STATUS_OBJECT_IN_USE, init(dev, SYSTEM, 4, 1, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, create(dev, SYSTEM, 4));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, create(dev, SYSTEM, NONE));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  create_near(dev, SYSTEM, 0, 9999, HV_PROXIMITY_INFO_VALID));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, create_near(dev, SYSTEM, 0, 0, 0x100));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, delete(dev, SYSTEM, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, delete(dev, 2, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, map(dev, SYSTEM, 0, gpns));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, map(dev, 2, 0, gpns));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, unmap(dev, SYSTEM, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, unmap(dev, 2, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, release(dev, SYSTEM, 4));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, flush(dev, SYSTEM, NONE));
	ASSERT_EQ(0, create_near(dev, SYSTEM, 0, 0, HV_PROXIMITY_INFO_VALID));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, create(dev, SYSTEM, 0));
	EXPECT_EQ(0, delete(dev, SYSTEM, 0));
	EXPECT_EQ(0, finalize(dev, SYSTEM));
	PROVES("HC-0060/INVALID_PARAMETER HC-0060/OBJECT_IN_USE HC-0061/INVALID_PARAMETER "
	       "HC-0062/INVALID_PARAMETER HC-0063/INVALID_PARAMETER HC-0064/INVALID_PARAMETER "
	       "HC-0065/INVALID_PARAMETER HC-0066/INVALID_PARAMETER HC-0067/INVALID_PARAMETER "
	       "HC-0068/INVALID_PARAMETER B-19-003 B-19-004 B-19-006 B-19-020 B-19-023 HC-0060 "
	       "HC-0061 HC-0062 HC-0063");
}

/* nowhere to show a buffer; and who is not privileged */
TEST_F(eventlog, denied)
{
	struct hv_input_set_system_property prop = {};
	int dev = self->dev, status;
	u64 gpns[512];

	munmap(self->window, self->size);
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_MEMORY, init(dev, SYSTEM, 4, 1, 1));
	self->size = 2 * PAGE;
	self->window = mmap(NULL, self->size, PROT_READ, MAP_SHARED, dev, 0);
	ASSERT_EQ(0, init(dev, SYSTEM, 4, 3, 1));
	ASSERT_EQ(0, create(dev, SYSTEM, 0));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_MEMORY, map(dev, SYSTEM, 0, gpns));
	EXPECT_EQ(0, delete(dev, SYSTEM, 0));
	EXPECT_EQ(0, finalize(dev, SYSTEM));

	if (!fork()) {
		bool ok = !setresuid(65534, 65534, 65534);

		ok &= init(dev, SYSTEM, 4, 1, 1) == HV_STATUS_ACCESS_DENIED;
		ok &= finalize(dev, SYSTEM) == HV_STATUS_ACCESS_DENIED;
		ok &= create(dev, SYSTEM, 0) == HV_STATUS_ACCESS_DENIED;
		ok &= delete(dev, SYSTEM, 0) == HV_STATUS_ACCESS_DENIED;
		ok &= map(dev, SYSTEM, 0, gpns) == HV_STATUS_ACCESS_DENIED;
		ok &= unmap(dev, SYSTEM, 0) == HV_STATUS_ACCESS_DENIED;
		ok &= sources(dev, SYSTEM, 1) == HV_STATUS_ACCESS_DENIED;
		ok &= release(dev, SYSTEM, 0) == HV_STATUS_ACCESS_DENIED;
		ok &= flush(dev, SYSTEM, 0) == HV_STATUS_ACCESS_DENIED;
		ok &= vmm_call(dev, HVCALL_SET_SYSTEM_PROPERTY, &prop, sizeof(prop), NULL, 0) ==
		      HV_STATUS_ACCESS_DENIED;
		_exit(!ok);
	}
	wait(&status);
	EXPECT_EQ(0, status);
	PROVES("HC-0060/INSUFFICIENT_MEMORY HC-0064/INSUFFICIENT_MEMORY HC-0060/ACCESS_DENIED "
	       "HC-0061/ACCESS_DENIED HC-0062/ACCESS_DENIED HC-0063/ACCESS_DENIED "
	       "HC-0064/ACCESS_DENIED HC-0065/ACCESS_DENIED HC-0066/ACCESS_DENIED "
	       "HC-0067/ACCESS_DENIED HC-0068/ACCESS_DENIED HC-006F/ACCESS_DENIED");
}

/* ---- states (19.1.5) ---- */

TEST_F(eventlog, states)
{
	const struct hv_eventlog_buffer_header *h, *second;
	struct hv_message msg;
	u64 gpns[512], count;
	int dev = self->dev;

	ASSERT_EQ(0, init(dev, SYSTEM, 8, 2, 2));
	/* standby */
	ASSERT_EQ(0, create(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, release(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED, unmap(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, flush(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, finalize(dev, SYSTEM));
	/* free */
	memset(gpns, 0, sizeof(gpns));
	ASSERT_EQ(0, map(dev, SYSTEM, 5, gpns));
	EXPECT_NE(0, gpns[0]);
	EXPECT_NE(0, gpns[1]);
	EXPECT_EQ(0, gpns[2]);
	h = (const void *)(gpns[0] * PAGE);
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_FREE, LOAD(&h->buffer_state));
	EXPECT_EQ(2 * PAGE, h->buffer_size);
	EXPECT_EQ(5, h->buffer_index);
	EXPECT_EQ(SYSTEM, h->type);
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, map(dev, SYSTEM, 5, gpns));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, delete(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, release(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, flush(dev, SYSTEM, 5));
	EXPECT_EQ(-1, mprotect((void *)h, PAGE, PROT_READ | PROT_WRITE));
	/* not enabled: nothing is logged */
	cycle(dev);
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_FREE, LOAD(&h->buffer_state));
	/* in use */
	ASSERT_EQ(0, sources(dev, SYSTEM, HV_EVENTLOG_ENABLE_SYSTEM_SUCCESS));
	cycle(dev);
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_IN_USE, LOAD(&h->buffer_state));
	EXPECT_EQ(0, h->events_lost);
	EXPECT_LT(sizeof(*h), LOAD(&h->next_buffer_offset));
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED, unmap(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, delete(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, release(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, finalize(dev, SYSTEM));
	/* complete: the threshold is two */
	second = add(_metadata, dev, SYSTEM, 2);
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_FREE, LOAD(&second->buffer_state));
	while (LOAD(&h->buffer_state) == HV_EVENTLOG_BUFFER_STATE_IN_USE)
		cycle(dev);
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_COMPLETE, LOAD(&h->buffer_state));
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_IN_USE, LOAD(&second->buffer_state));
	EXPECT_FALSE(message(dev, &msg));
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED, unmap(dev, SYSTEM, 5));
	/* ready, by a flush of the other: one list of both, in the order of completion */
	EXPECT_EQ(0, flush(dev, SYSTEM, 2));
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_READY, LOAD(&h->buffer_state));
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_READY, LOAD(&second->buffer_state));
	ASSERT_TRUE(message(dev, &msg));
	EXPECT_EQ(HVMSG_EVENT_LOG_BUFFERS_COMPLETE, msg.header.message_type);
	EXPECT_EQ(8, msg.header.payload_size);
	EXPECT_EQ(SYSTEM, ready(&msg).event_log_type);
	EXPECT_EQ(5, ready(&msg).buffer_index);
	EXPECT_EQ(2, h->next_buffer_index);
	EXPECT_EQ(NONE, second->next_buffer_index);
	EXPECT_LE(h->time_stamp, second->time_stamp);
	EXPECT_LT(h->event_count, second->event_count);
	EXPECT_FALSE(message(dev, &msg));
	EXPECT_EQ(0, h->reserved1 | h->reserved2 | h->reserved3);
	EXPECT_EQ(0, h->reserved4[0] | h->reserved4[1]);
	/* it stays as it is: there is no free one, so events are lost */
	count = LOAD(&h->next_buffer_offset);
	cycle(dev);
	EXPECT_EQ(count, LOAD(&h->next_buffer_offset));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, delete(dev, SYSTEM, 5));
	/* free again */
	EXPECT_EQ(0, release(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, release(dev, SYSTEM, 5));
	cycle(dev);
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_IN_USE, LOAD(&h->buffer_state));
	EXPECT_EQ(2, h->events_lost);
	/* standby */
	EXPECT_EQ(0, unmap(dev, SYSTEM, 2));
	EXPECT_EQ(0, delete(dev, SYSTEM, 2));
	EXPECT_EQ(0, flush(dev, SYSTEM, 5));
	EXPECT_EQ(0, unmap(dev, SYSTEM, 5));
	EXPECT_EQ(0, delete(dev, SYSTEM, 5));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, finalize(dev, SYSTEM));
	EXPECT_EQ(0, sources(dev, SYSTEM, 0));
	EXPECT_EQ(0, finalize(dev, SYSTEM));
	PROVES("HC-0060 HC-0061 HC-0062 HC-0063 HC-0064 HC-0065 HC-0066 HC-0067 HC-0068 "
	       "HC-0065/ACCESS_DENIED HC-0061/OPERATION_DENIED HC-0063/OPERATION_DENIED "
	       "HC-0064/OPERATION_DENIED HC-0067/OPERATION_DENIED HC-0068/OPERATION_DENIED "
	       "B-19-001 B-19-002 B-19-007 B-19-009 B-19-010 B-19-011 B-19-012 B-19-013 B-19-015 "
	       "B-19-016 B-19-017 B-19-018 B-19-021 B-19-026 B-19-027 B-19-028 B-19-030 B-19-031 "
	       "MSG-80000040 "
	       "PORT-event-log-buffer-state-HvEventLogBufferStateStandby "
	       "PORT-event-log-buffer-state-HvEventLogBufferStateFree "
	       "PORT-event-log-buffer-state-HvEventLogBufferStateInUse "
	       "PORT-event-log-buffer-state-HvEventLogBufferStateComplete "
	       "PORT-event-log-buffer-state-HvEventLogBufferStateReady "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-BufferSize "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-BufferIndex "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-EventsLost "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-ReferenceCounter-text-EventCount "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-TimeStamp "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-BufferState "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-NextBufferOffset "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-Type "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-NextBufferIndex "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-Reserved1 PORT-HV-EVENTLOG-BUFFER-HEADER-Reserved2 "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-Reserved3 PORT-HV-EVENTLOG-BUFFER-HEADER-Reserved4 "
	       "B-16-021");
}

/* while nobody reads, what comes after the first list becomes one list, too: 14.2.1, 19.1.10 */
TEST_F(eventlog, message_buffer)
{
	const struct hv_eventlog_buffer_header *h[4];
	struct hv_message msg;
	int dev = self->dev;
	unsigned int i;

	ASSERT_EQ(0, init(dev, SYSTEM, 4, 1, 1));
	for (i = 0; i < 4; i++)
		h[i] = add(_metadata, dev, SYSTEM, i);
	ASSERT_EQ(0, sources(dev, SYSTEM, HV_EVENTLOG_ENABLE_SYSTEM_SUCCESS));
	for (i = 0; i < 3; i++)
		while (LOAD(&h[i]->buffer_state) < HV_EVENTLOG_BUFFER_STATE_COMPLETE)
			cycle(dev);
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_READY, LOAD(&h[0]->buffer_state));
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_COMPLETE, LOAD(&h[1]->buffer_state));
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_COMPLETE, LOAD(&h[2]->buffer_state));
	ASSERT_TRUE(message(dev, &msg));
	EXPECT_EQ(0, ready(&msg).buffer_index);
	EXPECT_EQ(NONE, h[0]->next_buffer_index);
	ASSERT_TRUE(message(dev, &msg));
	EXPECT_EQ(1, ready(&msg).buffer_index);
	EXPECT_EQ(2, h[1]->next_buffer_index);
	EXPECT_EQ(NONE, h[2]->next_buffer_index);
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_READY, LOAD(&h[2]->buffer_state));
	EXPECT_FALSE(message(dev, &msg));
	/* a flush waits for its turn as well */
	EXPECT_EQ(0, release(dev, SYSTEM, 0));
	cycle(dev);
	EXPECT_EQ(0, flush(dev, SYSTEM, 3));
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_READY, LOAD(&h[3]->buffer_state));
	cycle(dev);
	EXPECT_EQ(0, flush(dev, SYSTEM, 0));
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_COMPLETE, LOAD(&h[0]->buffer_state));
	ASSERT_TRUE(message(dev, &msg));
	ASSERT_TRUE(message(dev, &msg));
	EXPECT_EQ(0, ready(&msg).buffer_index);
	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_READY, LOAD(&h[0]->buffer_state));
	PROVES("B-14-004 B-19-014");
}

/* a page that shows a buffer is no page to give away (7.3.1) */
TEST_F(eventlog, deposit_of_a_buffer)
{
	struct hv_input_create_partition_20 in = {};
	struct {
		u64 id, gpn;
	} page;
	const void *h;
	int dev = self->dev;
	u16 reps = 1;

	ASSERT_EQ(0, init(dev, SYSTEM, 1, 1, 1));
	h = add(_metadata, dev, SYSTEM, 0);
	ASSERT_EQ(0, vmm_call(dev, HVCALL_CREATE_PARTITION, &in, sizeof(in), &page.id, 8));
	page.gpn = (u64)h / PAGE;
	EXPECT_EQ(HV_STATUS_OBJECT_IN_USE,
		  vmm_call_reps(dev, HVCALL_DEPOSIT_MEMORY, &reps, &page, sizeof(page), NULL, 0));
	EXPECT_EQ(0, reps);
	EXPECT_EQ(0, vmm_call(dev, HVCALL_DELETE_PARTITION, &page.id, 8, NULL, 0));
	PROVES("HC-0048/OBJECT_IN_USE B-7-013");
}

/* ---- entries ---- */

TEST_F(eventlog, system_events)
{
	const struct hv_eventlog_buffer_header *h;
	const struct hv_eventlog_entry_header *e;
	u64 at, last = 0, nr = 0;
	const u64 *p;
	struct vmm vm;
	int dev = self->dev;

	ASSERT_EQ(0, init(dev, SYSTEM, 1, 4, 1));
	h = add(_metadata, dev, SYSTEM, 0);
	ASSERT_EQ(0, sources(dev, SYSTEM, HV_EVENTLOG_ENABLE_SYSTEM_SUCCESS));
	vmm_setup(&vm, 1);
	EXPECT_GT(0, vmm_create_vp(vm.pt, 0));
	vmm_teardown(&vm);
	EXPECT_TRUE(vmm_count_settles("partitions", 0));
	for (at = sizeof(*h); at < h->next_buffer_offset; at += e->size) {
		e = (const void *)((const u8 *)h + at);
		EXPECT_EQ(0, e->size % 8);
		EXPECT_LE(sizeof(*e), e->size);
		EXPECT_LE(last, e->time_stamp);
		EXPECT_EQ(0, e->context);
		last = e->time_stamp;
		nr++;
	}
	EXPECT_EQ(h->next_buffer_offset, at);
	EXPECT_EQ(4, nr);
	p = entry(h, HV_TR_OB_CREATE_PARTITION);
	ASSERT_NE(NULL, p);
	EXPECT_LT(1, p[0]);
	EXPECT_EQ(HV_STATUS_SUCCESS, p[1]);
	p = entry(h, HV_TR_VP_CREATE_VP);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(entry(h, HV_TR_OB_CREATE_PARTITION)[0], p[0]);
	EXPECT_EQ(0, p[1]);
	EXPECT_EQ(HV_STATUS_SUCCESS, p[2]);
	EXPECT_NE(NULL, entry(h, HV_TR_VP_DELETE_VP));
	EXPECT_NE(NULL, entry(h, HV_TR_OB_DELETE_PARTITION));

	/* failures are another source */
	ASSERT_EQ(0, sources(dev, SYSTEM, HV_EVENTLOG_ENABLE_SYSTEM_FAILURE));
	at = h->next_buffer_offset;
	vmm_setup(&vm, 1);
	EXPECT_EQ(at, h->next_buffer_offset);
	EXPECT_GT(0, vmm_create_vp(vm.pt, 0));
	e = (const void *)((const u8 *)h + at);
	EXPECT_EQ(at + e->size, h->next_buffer_offset);
	EXPECT_EQ(HV_TR_VP_CREATE_VP, e->type);
	EXPECT_NE(HV_STATUS_SUCCESS, ((const u64 *)(e + 1))[2]);
	vmm_teardown(&vm);
	PROVES("B-19-019 B-19-022 PORT-event-log-type-HvEventLogTypeGlobalSystemEvents "
	       "PORT-event-log-enable-HV-EVENTLOG-ENABLE-SYSTEM-SUCCESS "
	       "PORT-event-log-enable-HV-EVENTLOG-ENABLE-SYSTEM-FAILURE "
	       "PORT-HV-EVENTLOG-ENTRY-HEADER-Context PORT-HV-EVENTLOG-ENTRY-HEADER-Size "
	       "PORT-HV-EVENTLOG-ENTRY-HEADER-Type PORT-HV-EVENTLOG-ENTRY-HEADER-TimeStamp "
	       "PORT-event-log-time-basis-HV-EVENTLOG-ENTRY-TIME-REFERENCE "
	       "PORT-event-log-entry-HV-TR-OB-CREATE-PARTITION "
	       "PORT-event-log-entry-HV-TR-OB-DELETE-PARTITION "
	       "PORT-event-log-entry-HV-TR-VP-CREATE-VP PORT-event-log-entry-HV-TR-VP-DELETE-VP");
}

/* every exit a program can make for itself */
GUEST_CODE(exits, "64",
	   "mov	$1, %eax\n\t"
	   "xor	%ecx, %ecx\n\t"
	   "cpuid\n\t"				/* VMM_CODE + 7 */
	   "mov	$0x1b, %ecx\n\t"
	   "rdmsr\n\t"				/* + 14 */
	   "wrmsr\n\t"				/* + 16 */
	   "mov	%cr4, %rax\n\t"
	   "xor	$0x100, %rax\n\t"
	   "mov	%rax, %cr4\n\t"
	   "mov	%dr6, %rax\n\t"
	   "wbinvd\n\t"
	   "mov	$0x77, %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "inl	$0xe1, %eax\n\t"
	   "mov	0x80000000, %al\n\t"
	   "hlt");

TEST_F(eventlog, diagnostics)
{
	const struct hv_eventlog_buffer_header *h;
	struct hv_message msg;
	struct vmm vm;
	const u64 *p;
	int dev = self->dev;
	u64 tsc;

	ASSERT_EQ(0, init_basis(dev, DIAG, 1, 8, 1, HV_EVENTLOG_ENTRY_TIME_TSC));
	h = add(_metadata, dev, DIAG, 0);
	vmm_setup(&vm, 1);
	ASSERT_EQ(0, sources(dev, DIAG, IM | HV_EVENTLOG_GROUP_SCHEDULER |
			     HV_EVENTLOG_ENABLE_DIAG_ADMIN));
	asm volatile("rdtsc; shl $32, %%rdx; or %%rdx, %%rax" : "=a" (tsc) : : "rdx");
	vmm_start64(&vm.vp[0], &exits);
	EXPECT_EQ(0x77, vmm_run_out(&vm.vp[0], GUEST_PORT));
	vmm_run_to(&vm.vp[0], HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	vmm_skip(&vm.vp[0], &msg);
	vmm_run_to(&vm.vp[0], HVMSG_UNMAPPED_GPA, &msg);
	vmm_set_reg(&vm.vp[0], HV_X64_REGISTER_RIP, vmm_reg(&vm.vp[0], HV_X64_REGISTER_RIP) + 7);
	EXPECT_EQ(-ETIMEDOUT, vmm_run(&vm.vp[0], &msg, VMM_SHORT));
	EXPECT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	EXPECT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_REFERENCE_TIME, 1234567));
	sources(dev, DIAG, 0);

	EXPECT_EQ(HV_EVENTLOG_BUFFER_STATE_IN_USE, LOAD(&h->buffer_state));
	EXPECT_EQ(0, h->logical_processor);
	EXPECT_EQ(DIAG, h->type);
	p = entry(h, HV_TR_IM_CPUID_INSTRUCTION);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(VMM_CODE + 7, p[0]);
	EXPECT_EQ(1, p[1]);
	EXPECT_EQ(0, p[2]);
	EXPECT_LE(tsc, ((const struct hv_eventlog_entry_header *)p)[-1].time_stamp);
	p = entry(h, HV_TR_IM_MSR_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(VMM_CODE + 14, p[0]);
	EXPECT_EQ(0x1b, p[1]);
	EXPECT_EQ(0xfee00900, p[2]);
	p = entry(h, HV_TR_IM_MSR_WRITE);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(VMM_CODE + 16, p[0]);
	EXPECT_EQ(0x1b, p[1]);
	EXPECT_EQ(0xfee00900, p[2]);
	p = entry(h, HV_TR_IM_CR_WRITE);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(4, p[1]);
	EXPECT_EQ(vmm_reg(&vm.vp[0], HV_X64_REGISTER_CR4), p[2]);
	EXPECT_NE(NULL, entry(h, HV_TR_IM_DR_ACCESS));
	EXPECT_NE(NULL, entry(h, HV_TR_IM_INVD_INSTRUCTION));
	EXPECT_NE(NULL, entry(h, HV_TR_IM_HLT_INSTRUCTION));
	p = entry(h, HV_TR_IM_IO_PORT_WRITE);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0xe0, p[1]);
	EXPECT_EQ(0x77, p[2]);
	p = entry(h, HV_TR_IM_IO_PORT_READ);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(0xe1, p[1]);
	p = entry(h, HV_TR_IM_MEMORY_INTERCEPT);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(HVMSG_UNMAPPED_GPA, p[1]);
	p = entry(h, HV_TR_SCH_CONTEXT_SWITCH);
	ASSERT_NE(NULL, p);
	EXPECT_LT(1, p[0]);
	EXPECT_EQ(0, p[1]);
	EXPECT_NE(NULL, entry(h, HV_TR_PT_REFERENCE_TIME));
	vmm_teardown(&vm);
	PROVES("B-19-005 PORT-event-log-type-HvEventLogTypeLocalDiagnostics "
	       "PORT-event-log-enable-HV-EVENTLOG-ENABLE-DIAG-ADMIN "
	       "PORT-HV-EVENTLOG-BUFFER-HEADER-LogicalProcessor "
	       "PORT-event-log-time-basis-HV-EVENTLOG-ENTRY-TIME-TSC "
	       "PORT-event-log-group-Intercept-Manager PORT-event-log-group-Scheduler "
	       "PORT-event-log-group-Partition-Manager "
	       "PORT-event-log-entry-HV-TR-IM-MSR-READ PORT-event-log-entry-HV-TR-IM-MSR-WRITE "
	       "PORT-event-log-entry-HV-TR-IM-CR-WRITE "
	       "PORT-event-log-entry-HV-TR-IM-HLT-INSTRUCTION "
	       "PORT-event-log-entry-HV-TR-IM-CPUID-INSTRUCTION "
	       "PORT-event-log-entry-HV-TR-IM-IO-PORT-READ "
	       "PORT-event-log-entry-HV-TR-IM-IO-PORT-WRITE "
	       "PORT-event-log-entry-HV-TR-IM-INVD-INSTRUCTION "
	       "PORT-event-log-entry-HV-TR-IM-DR-ACCESS "
	       "PORT-event-log-entry-HV-TR-IM-MEMORY-INTERCEPT "
	       "PORT-event-log-entry-HV-TR-PT-REFERENCE-TIME "
	       "PORT-event-log-entry-HV-TR-SCH-CONTEXT-SWITCH");
}

/* the log ends with its process */
TEST_F(eventlog, owner)
{
	int status;

	if (!fork()) {
		int dev = open(VMM_DEVICE, O_RDWR);
		u64 gpns[512];
		void *p = mmap(NULL, 16 * PAGE, PROT_READ, MAP_SHARED, dev, 0);

		_exit(p == MAP_FAILED || init(dev, DIAG, 4, 2, 1) || create(dev, DIAG, 0) ||
		      map(dev, DIAG, 0, gpns) || create(dev, DIAG, 1) || sources(dev, DIAG, ~0ULL));
	}
	wait(&status);
	EXPECT_EQ(0, status);
	EXPECT_TRUE(vmm_count_settles("pages", 0));
	EXPECT_EQ(0, init(self->dev, DIAG, 4, 2, 1));
	EXPECT_EQ(0, finalize(self->dev, DIAG));
}

/* ---- system properties (23), run time (6.4.1) ---- */

static int set_property(int dev, u32 code, u32 source, u64 period)
{
	struct hv_perf_counter_configuration val = { .profile_source = source, .period = period };
	struct hv_input_set_system_property in = { .property_code = code };

	memcpy(in.property_value, &val, sizeof(val));
	return vmm_call(dev, HVCALL_SET_SYSTEM_PROPERTY, &in, sizeof(in), NULL, 0);
}

TEST_F(eventlog, system_properties)
{
	struct hv_input_get_system_property in = {};
	struct hv_input_get_system_property_ex ex = { .property_id =
						      HV_SYSTEM_PROPERTY_SCHEDULER_TYPE };
	struct hv_perf_counter_configuration val;
	const struct hv_eventlog_buffer_header *h;
	struct hv_message msg;
	int dev = self->dev;
	struct vmm vm;
	const u64 *p;
	u64 out = 0, source;

	GUEST_CODE(spin, "64", "1:	jmp	1b");

	EXPECT_EQ(0, set_property(dev, 0, HV_PROFILE_SOURCE_CYCLES_NOT_HALTED, 100000));
	EXPECT_EQ(0, vmm_call(dev, HVCALL_GET_SYSTEM_PROPERTY, &in, sizeof(in), &val,
			      sizeof(val)));
	EXPECT_EQ(HV_PROFILE_SOURCE_CYCLES_NOT_HALTED, val.profile_source);
	EXPECT_EQ(100000, val.period);
	EXPECT_EQ(0, val.reserved);
	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY, set_property(dev, 0x7777, 0, 0));
	in.property_code = 0x7777;
	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY,
		  vmm_call(dev, HVCALL_GET_SYSTEM_PROPERTY, &in, sizeof(in), &val, sizeof(val)));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, set_property(dev, 0, 17, 100000));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  set_property(dev, 0, HV_PROFILE_SOURCE_CYCLES_NOT_HALTED, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  set_property(dev, HV_SYSTEM_PROPERTY_SCHEDULER_TYPE, 0, 0));
	EXPECT_EQ(0, vmm_call(dev, HVCALL_GET_SYSTEM_PROPERTY_EX, &ex, sizeof(ex), &out,
			      sizeof(out)));
	EXPECT_EQ(4, out);

	/* a guest has no part in it */
	vmm_setup(&vm, 1);
	vmm_start64(&vm.vp[0], &hypercalls);
	for (source = HVCALL_SET_SYSTEM_PROPERTY; source <= HVCALL_GET_SYSTEM_PROPERTY;
	     source += 2) {
		vmm_set_reg(&vm.vp[0], HV_X64_REGISTER_RBX, source);
		EXPECT_EQ(HV_STATUS_ACCESS_DENIED, vmm_run_out(&vm.vp[0], GUEST_PORT));
	}
	vmm_teardown(&vm);
	PROVES("B-23-002");

	/* the profiler runs while its events are logged */
	ASSERT_EQ(0, init(dev, DIAG, 1, 4, 1));
	h = add(_metadata, dev, DIAG, 0);
	vmm_setup(&vm, 1);
	vmm_start64(&vm.vp[0], &spin);
	ASSERT_EQ(0, sources(dev, DIAG, HV_EVENTLOG_GROUP_PROFILER));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  set_property(dev, 0, HV_PROFILE_SOURCE_CYCLES_NOT_HALTED, 50000));
	EXPECT_EQ(-ETIMEDOUT, vmm_run(&vm.vp[0], &msg, VMM_SHORT));
	ASSERT_EQ(0, sources(dev, DIAG, 0));
	p = entry(h, HV_TR_SCH_PROFILER_SAMPLE);
	ASSERT_NE(NULL, p);
	EXPECT_LT(1, p[0]);
	EXPECT_EQ(0, p[1]);
	EXPECT_EQ(0, set_property(dev, 0, 0, 0));
	vmm_teardown(&vm);
	PROVES("HC-006F HC-006F/UNKNOWN_PROPERTY HC-006F/INVALID_PARAMETER "
	       "HC-006F/OPERATION_DENIED "
	       "HC-0071 HC-0071/UNKNOWN_PROPERTY HC-007B B-23-001 B-23-003 B-23-004 "
	       "PROP-system-property-0 PROP-system-property-15 PORT-event-log-group-Profiler "
	       "PORT-event-log-entry-HV-TR-SCH-PROFILER-SAMPLE");
}

TEST_F(eventlog, run_time)
{
	struct hv_output_get_logical_processor_run_time a, b;
	u64 in = 0, start;

	ASSERT_EQ(0, vmm_call(self->dev, HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME, &in, sizeof(in), &a,
			      sizeof(a)));
	vmm_sleep_ms(200);
	for (start = vmm_now_ms(); vmm_now_ms() < start + 200;)
		;
	ASSERT_EQ(0, vmm_call(self->dev, HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME, &in, sizeof(in), &b,
			      sizeof(b)));
	EXPECT_LE(400 * 9000, b.global_time - a.global_time);
	EXPECT_LE(150 * 10000, b.local_run_time - a.local_run_time);
	EXPECT_LT(b.local_run_time - a.local_run_time, b.global_time - a.global_time);
	EXPECT_LE(a.hypervisor_time, b.hypervisor_time);
	/* since the module was loaded, which the host was up for */
	EXPECT_GT(vmm_now_ms() * 10000, b.global_time);
	EXPECT_LT(a.global_time, b.global_time);
	PROVES("HC-0004 B-6-012 B-6-013");
}

TEST_HARNESS_MAIN
