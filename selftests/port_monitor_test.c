// SPDX-License-Identifier: GPL-2.0-only
/*
 * port_monitor_test.c - monitored notifications (TLFS 14.5)
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "ports.h"

#define PORT	0x101
#define CONN	0x202
#define MPORT	0x110		/* monitor page */
#define MCONN	0x210
#define SINT	3
#define VECTOR	0x61
#define MS	10000		/* units of latency */

#define max(a, b)	((a) > (b) ? (a) : (b))

/* the monitor page as a guest with 64-bit code sees it: load and store of 32 bits at RSI */
GUEST_CODE(load32, "64",
	   "movl	(%rsi), %eax\n\t"
	   "outl	%eax, $0xe0");

GUEST_CODE(store32, "64",
	   "movl	%ebx, (%rsi)\n\t"
	   "outl	%eax, $0xe0");

GUEST_CODE(or32, "64",
	   "lock orl	%ebx, (%rsi)\n\t"
	   "outl	%eax, $0xe0");

/* a: receives; b: sends */
FIXTURE(monitor) {
	struct vmm a, b;
	struct vmm_vp *r, *s;
};

static u32 guest_load(struct vmm_vp *vp, u64 offset)
{
	vmm_set_reg(vp, HV_X64_REGISTER_RSI, GUEST_MONITOR + offset);
	vmm_set_reg(vp, HV_X64_REGISTER_RIP, VMM_CODE + 0x100);
	return vmm_run_out(vp, GUEST_PORT);
}

static void guest_do(struct vmm_vp *vp, u64 code, u64 offset, u32 val)
{
	vmm_set_reg(vp, HV_X64_REGISTER_RSI, GUEST_MONITOR + offset);
	vmm_set_reg(vp, HV_X64_REGISTER_RBX, val);
	vmm_set_reg(vp, HV_X64_REGISTER_RIP, code);
	vmm_run_out(vp, GUEST_PORT);
}

static void guest_store(struct vmm_vp *vp, u64 offset, u32 val)
{
	guest_do(vp, VMM_CODE + 0x200, offset, val);
}

static void guest_or(struct vmm_vp *vp, u64 offset, u32 val)
{
	guest_do(vp, VMM_CODE + 0x300, offset, val);
}

static void load_code(struct vmm *vm)
{
	vmm_load(vm, VMM_CODE + 0x100, &load32);
	vmm_load(vm, VMM_CODE + 0x200, &store32);
	vmm_load(vm, VMM_CODE + 0x300, &or32);
}

#define STATE		offsetof(struct hv_monitor_page, trigger_state)
#define PENDING(g)	offsetof(struct hv_monitor_page, trigger_group[g].pending)
#define ARMED(g)	offsetof(struct hv_monitor_page, trigger_group[g].armed)
#define PARAM(g, i)	offsetof(struct hv_monitor_page, parameter[g][i])

FIXTURE_SETUP(monitor)
{
	pt_setup(&self->a, 0, 1);
	pt_setup(&self->b, PRIV_SEND, 1);
	self->r = &self->a.vp[0];
	self->s = &self->b.vp[0];
	load_code(&self->a);
	load_code(&self->b);
	synic_on(self->r);
	sint_set(self->r, SINT, VECTOR);
	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT, pt_id(self->b.pt),
				 event_port(SINT, 0, 0, 256)));
	ASSERT_EQ(0, connect_port(self->b.pt, 0, CONN, pt_id(self->a.pt), PORT, 0));
	ASSERT_EQ(0, create_port(self->a.pt, 0, MPORT, pt_id(self->b.pt),
				 monitor_port(GUEST_MONITOR)));
}

FIXTURE_TEARDOWN(monitor)
{
	vmm_teardown(&self->b);
	vmm_teardown(&self->a);
}

static int join(struct vmm *a, struct vmm *b)
{
	return connect_port(b->pt, 0, MCONN, pt_id(a->pt), MPORT, GUEST_MONITOR);
}

static void set_latency(struct vmm_vp *vp, unsigned int group, unsigned int i, u16 units)
{
	u64 at = offsetof(struct hv_monitor_page, latency[group][i]);
	u32 word = guest_load(vp, at & ~3ULL), shift = at & 2 ? 16 : 0;

	guest_store(vp, at & ~3ULL, (word & ~(0xffffU << shift)) | (u32)units << shift);
}

static void set_param(struct vmm_vp *vp, unsigned int group, unsigned int i, u32 conn, u16 flag)
{
	guest_store(vp, PARAM(group, i), conn);
	guest_store(vp, PARAM(group, i) + 4, flag);
}

/* one page: each sees what the other writes, and who is not connected finds nobody looking */
TEST_F(monitor, page_is_shared)
{
	static const u16 reserved[] = { 4, 40, 572, 832, 1084, 2112, 4092 };
	unsigned int i;

	EXPECT_EQ(HV_MONITOR_DISABLED, guest_load(self->r, STATE));
	ASSERT_EQ(0, join(&self->a, &self->b));
	EXPECT_EQ(0, guest_load(self->s, STATE));
	guest_store(self->s, 2112, 0x12345678);
	EXPECT_EQ(0x12345678, guest_load(self->r, 2112));
	guest_store(self->r, 4092, 0x9abcdef0);
	EXPECT_EQ(0x9abcdef0, guest_load(self->s, 4092));
	/* first and last word of what is reserved: nobody else writes it */
	for (i = 0; i < ARRAY_SIZE(reserved); i++)
		guest_store(self->s, reserved[i], 0x1000 + i);
	vmm_sleep_ms(5);
	for (i = 0; i < ARRAY_SIZE(reserved); i++)
		EXPECT_EQ(0x1000 + i, guest_load(self->r, reserved[i]));
	PROVES("PORT-HV-MONITOR-PAGE-Reserved1 PORT-HV-MONITOR-PAGE-Reserved2 "
	       "PORT-HV-MONITOR-PAGE-Reserved3 PORT-HV-MONITOR-PAGE-Reserved4");
	guest_store(self->s, 2112, 0x12345678);
	PROVES("B-14-035 PORT-port-type-HvPortTypeMonitor "
	       "PORT-HV-PORT-INFO-Monitor-MonitorAddress "
	       "PORT-HV-CONNECTION-INFO-Monitor-MonitorAddress");

	EXPECT_EQ(0, disconnect_port(self->b.pt, 0, MCONN));
	EXPECT_EQ(HV_MONITOR_DISABLED, guest_load(self->r, STATE));
	/* its own memory again */
	EXPECT_EQ(0, guest_load(self->s, 2112));
	EXPECT_EQ(0x12345678, guest_load(self->r, 2112));
	ASSERT_EQ(0, join(&self->a, &self->b));
	EXPECT_EQ(0, guest_load(self->r, STATE));
	EXPECT_EQ(0, delete_port(self->a.pt, 0, MPORT));
	EXPECT_EQ(HV_MONITOR_DISABLED, guest_load(self->s, STATE));
	EXPECT_EQ(0, guest_load(self->r, 2112));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, guest_signal(self->s, MCONN, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, guest_post(self->s, MCONN, 1, "", 0));
}

static bool wait_flag(struct vmm_vp *vp, u32 flag, unsigned int ms)
{
	u64 end = vmm_now_ms() + ms;

	do {
		if (take_flag(vp, SINT, flag))
			return true;
		vmm_sleep_ms(1);
	} while (vmm_now_ms() < end);
	return false;
}

/* the corners of the page: first and last trigger of first and last group */
TEST_F(monitor, signals)
{
	static const u8 where[][2] = { { 0, 0 }, { 0, 31 }, { 3, 0 }, { 3, 31 }, { 1, 17 } };
	unsigned int i, g, t;

	ASSERT_EQ(0, join(&self->a, &self->b));
	guest_store(self->s, STATE, HV_MONITOR_GROUP_ENABLE_MASK);
	for (i = 0; i < ARRAY_SIZE(where); i++) {
		g = where[i][0];
		t = where[i][1];
		set_latency(self->s, g, t, MS);
		set_param(self->s, g, t, CONN, g * 32 + t);
	}
	for (i = 0; i < ARRAY_SIZE(where); i++) {
		g = where[i][0];
		t = where[i][1];
		guest_or(self->s, PENDING(g), 1U << t);
		EXPECT_TRUE(wait_flag(self->r, g * 32 + t, VMM_LONG))
			TH_LOG("group %u trigger %u", g, t);
		EXPECT_EQ(0, guest_load(self->s, PENDING(g)));
		EXPECT_EQ(0, guest_load(self->s, ARMED(g)));
		/* once */
		EXPECT_FALSE(wait_flag(self->r, g * 32 + t, 5));
	}
	PROVES("B-14-030 B-14-063 B-14-065 PORT-HV-MONITOR-PAGE-TriggerGroup-4 "
	       "PORT-HV-MONITOR-PAGE-Parameter-4-32 PORT-HV-MONITOR-TRIGGER-GROUP-Pending");
	/* two at once */
	guest_or(self->s, PENDING(3), 1U << 31 | 1);
	EXPECT_TRUE(wait_flag(self->r, 96, VMM_LONG));
	EXPECT_TRUE(wait_flag(self->r, 127, VMM_LONG));
}

TEST_F(monitor, groups_are_enabled)
{
	ASSERT_EQ(0, join(&self->a, &self->b));
	set_latency(self->s, 2, 5, MS);
	set_param(self->s, 2, 5, CONN, 7);
	guest_store(self->s, STATE, HV_MONITOR_GROUP_ENABLE_MASK & ~4);
	guest_or(self->s, PENDING(2), 1 << 5);
	EXPECT_FALSE(wait_flag(self->r, 7, 50));
	EXPECT_EQ(0, guest_load(self->s, ARMED(2)));
	guest_or(self->s, STATE, 4);
	EXPECT_TRUE(wait_flag(self->r, 7, VMM_LONG));
	PROVES("PORT-HV-MONITOR-PAGE-TriggerState");

	/* time that stands still: nobody looks, and what is pending comes later */
	ASSERT_EQ(0, vmm_set_property(self->b.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	guest_or(self->r, PENDING(2), 1 << 5);
	EXPECT_FALSE(wait_flag(self->r, 7, 50));
	EXPECT_EQ(HV_MONITOR_GROUP_ENABLE_MASK | HV_MONITOR_DISABLED, guest_load(self->r, STATE));
	ASSERT_EQ(0, vmm_set_property(self->b.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
	EXPECT_TRUE(wait_flag(self->r, 7, VMM_LONG));
	EXPECT_EQ(HV_MONITOR_GROUP_ENABLE_MASK, guest_load(self->r, STATE));
	PROVES("B-14-064");
}

/* not before the latency has passed, and the armed bit starts it anew */
TEST_F(monitor, latency)
{
	u64 start, last, stall = 0;
	bool early;

	ASSERT_EQ(0, join(&self->a, &self->b));
	guest_store(self->s, STATE, 1);
	/* a short one, so that they are looked at often; 6.5 ms is the longest there is */
	set_latency(self->s, 0, 1, 500);
	set_latency(self->s, 0, 0, 65535);
	set_param(self->s, 0, 0, CONN, 7);
	start = vmm_now_ms();
	guest_or(self->s, PENDING(0), 1);
	EXPECT_TRUE(wait_flag(self->r, 7, VMM_LONG));
	EXPECT_LE(5, vmm_now_ms() - start);
	PROVES("PORT-HV-MONITOR-PAGE-Latency-4-32");

	/* whoever clears the armed bit again and again puts it off */
	start = vmm_now_ms();
	last = start;
	guest_or(self->s, PENDING(0), 1);
	while (vmm_now_ms() - start < 40) {
		guest_store(self->s, ARMED(0), 0);
		stall = max(stall, vmm_now_ms() - last);
		last = vmm_now_ms();
	}
	early = take_flag(self->r, SINT, 7);
	/* unless the host kept us from clearing it, before the first time or after the last, too */
	stall = max(stall, vmm_now_ms() - last);
	EXPECT_TRUE(!early || stall >= 5)
		TH_LOG("longest pause %llu ms", (unsigned long long)stall);
	EXPECT_TRUE(early || wait_flag(self->r, 7, VMM_LONG));
	PROVES("B-14-031 PORT-HV-MONITOR-TRIGGER-GROUP-Armed");
	/* none is as short as can be */
	set_param(self->s, 0, 2, CONN, 9);
	guest_or(self->s, PENDING(0), 4);
	EXPECT_TRUE(wait_flag(self->r, 9, VMM_LONG));
	PROVES("B-14-033");
}

/* what cannot be signalled is forgotten, and disturbs nobody */
TEST_F(monitor, failures)
{
	ASSERT_EQ(0, join(&self->a, &self->b));
	guest_store(self->s, STATE, 1);
	set_latency(self->s, 0, 0, 1000);
	set_param(self->s, 0, 0, CONN + 77, 1);
	set_param(self->s, 0, 1, CONN, 256);
	set_param(self->s, 0, 2, MCONN, 0);
	set_param(self->s, 0, 3, 0xffffffff, 0xffff);
	set_param(self->s, 0, 4, CONN, 9);
	guest_or(self->s, PENDING(0), 0x1f);
	EXPECT_TRUE(wait_flag(self->r, 9, VMM_LONG));
	vmm_sleep_ms(5);
	EXPECT_EQ(0, guest_load(self->s, PENDING(0)));
	PROVES("B-14-034");
}

/* The triggers are memory: setting one is no exit */
TEST_F(monitor, without_exits)
{
	struct hv_message msg;

	ASSERT_EQ(0, join(&self->a, &self->b));
	guest_or(self->s, PENDING(0), 1);
	vmm_set_reg(self->s, HV_X64_REGISTER_RSI, GUEST_MONITOR + PENDING(0));
	vmm_set_reg(self->s, HV_X64_REGISTER_RBX, 2);
	vmm_set_reg(self->s, HV_X64_REGISTER_RIP, VMM_CODE + 0x300);
	/* the first thing that leaves is the port access behind it */
	ASSERT_EQ(0, vmm_run(self->s, &msg, VMM_LONG));
	EXPECT_EQ(HVMSG_X64_IO_PORT_INTERCEPT, msg.header.message_type);
	EXPECT_EQ(3, guest_load(self->r, PENDING(0)));
	PROVES("B-14-032");
}

/* the root at either end has the page by mmap() */
TEST_F(monitor, of_the_root)
{
	struct hv_monitor_page *page;
	int fd;

	ASSERT_EQ(0, create_port(self->b.dev, 0, MPORT, pt_id(self->b.pt), monitor_port(0)));
	ASSERT_EQ(0, connect_port(self->b.pt, 0, MCONN, ROOT_ID, MPORT, GUEST_MONITOR));
	fd = open_port(self->b.dev, MPORT, -1);
	ASSERT_LE(0, fd);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 4096));
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, page);
	guest_store(self->s, 2112, 0x12345678);
	EXPECT_EQ(0x12345678, LOAD((u32 *)&page->reserved4[0]));
	/* and looks for the guest all the same */
	set_param(self->s, 0, 0, CONN, 5);
	STORE(&page->trigger_state, 1);
	__atomic_or_fetch(&page->trigger_group[0].pending, 1, __ATOMIC_SEQ_CST);
	EXPECT_TRUE(wait_flag(self->r, 5, VMM_LONG));
	/* the mapping outlives port, descriptor and partition */
	EXPECT_EQ(0, delete_port(self->b.dev, 0, MPORT));
	close(fd);
	guest_store(self->s, 2112, 7);
	EXPECT_EQ(7, LOAD((u32 *)&page->reserved4[0]));
	EXPECT_EQ(HV_MONITOR_DISABLED | 1, LOAD(&page->trigger_state));
	munmap(page, 4096);
}

/* as many as the host has time for, in all partitions of the process */
TEST_F(monitor, limit)
{
	unsigned int i;

	for (i = 1; i < 8; i++)
		ASSERT_EQ(0, create_port(self->a.pt, 0, MPORT + i, pt_id(self->b.pt),
					 monitor_port(GUEST_MONITOR)));
	for (; i < 16; i++)
		ASSERT_EQ(0, create_port(self->b.pt, 0, MPORT + i, pt_id(self->a.pt),
					 monitor_port(GUEST_MONITOR)));
	EXPECT_EQ(HV_STATUS_NO_RESOURCES, create_port(self->a.pt, 0, 1, pt_id(self->b.pt),
						      monitor_port(GUEST_MONITOR)));
	EXPECT_EQ(HV_STATUS_NO_RESOURCES, create_port(self->a.dev, 0, 1, pt_id(self->b.pt),
						      monitor_port(0)));
	EXPECT_EQ(0, delete_port(self->b.pt, 0, MPORT + 15));
	EXPECT_EQ(0, create_port(self->a.dev, 0, 1, pt_id(self->b.pt), monitor_port(0)));
}

/* connections that somebody watches are counted (J.1.1) */
TEST_F(monitor, counted)
{
	struct hv_input_map_stats_page in = { .stats_type = HV_STATS_OBJECT_HYPERVISOR };
	u64 *page = mmap(NULL, TLFS_PAGE_SIZE, PROT_READ, MAP_SHARED, self->a.dev, 0);
	const u64 *count = page + HV_HYPERVISOR_STAT_MONITORED_NOTIFICATIONS;

	ASSERT_NE(MAP_FAILED, page);
	in.target_gpa_page = (u64)page / TLFS_PAGE_SIZE;
	ASSERT_EQ(0, vmm_call(self->a.dev, HVCALL_MAP_STATS_PAGE, &in, sizeof(in), NULL, 0));
	EXPECT_TRUE(vmm_wait_u64(count, 0));
	ASSERT_EQ(0, join(&self->a, &self->b));
	EXPECT_TRUE(vmm_wait_u64(count, 1));
	ASSERT_EQ(0, disconnect_port(self->b.pt, 0, MCONN));
	EXPECT_TRUE(vmm_wait_u64(count, 0));
	/* a port that goes takes it along, and once */
	ASSERT_EQ(0, join(&self->a, &self->b));
	EXPECT_TRUE(vmm_wait_u64(count, 1));
	ASSERT_EQ(0, delete_port(self->a.pt, 0, MPORT));
	EXPECT_TRUE(vmm_wait_u64(count, 0));
	ASSERT_EQ(0, disconnect_port(self->b.pt, 0, MCONN));
	EXPECT_TRUE(vmm_wait_u64(count, 0));
	munmap(page, TLFS_PAGE_SIZE);
	PROVES("STAT-Hypervisor-architected-5");
}

TEST_HARNESS_MAIN
