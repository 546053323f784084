// SPDX-License-Identifier: GPL-2.0-only
/*
 * port_test.c - ports and connections by their parent, the root: what is refused, how long they
 * live (TLFS 14.4, 14.9)
 *
 * What goes through them is in port_message_test.c.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "ports.h"

#define PORT	0x101
#define CONN	0x202
#define SINT	3
#define NOBODY	0x7fffffffffffULL	/* no partition has this id */

/* a: receives; b: sends */
FIXTURE(port) {
	struct vmm a, b;
	u64 a_id, b_id;
};

FIXTURE_SETUP(port)
{
	pt_setup(&self->a, 0, 2);
	pt_setup(&self->b, PRIV_SEND, 1);
	self->a_id = pt_id(self->a.pt);
	self->b_id = pt_id(self->b.pt);
}

FIXTURE_TEARDOWN(port)
{
	vmm_teardown(&self->b);
	vmm_teardown(&self->a);
}

/* ---- HvCreatePort ---- */

TEST_F(port, create)
{
	EXPECT_NE(self->a_id, self->b_id);
	EXPECT_EQ(ROOT_ID, pt_id(self->a.dev));
	EXPECT_EQ(0, create_port(self->a.pt, 0, PORT, self->b_id, message_port(1, HV_ANY_VP)));
	EXPECT_EQ(0, create_port(self->a.pt, 0, PORT + 1, self->b_id, message_port(15, 1)));
	EXPECT_EQ(0, create_port(self->a.pt, 0, 0, self->b_id, event_port(1, HV_ANY_VP, 0, 2048)));
	EXPECT_EQ(0, create_port(self->a.pt, 0, 0xffffff, self->b_id, event_port(2, 0, 2047, 1)));
	/* the device's descriptor names the partition */
	EXPECT_EQ(0, create_port(self->a.dev, self->a_id, PORT + 2, self->b_id,
				 message_port(SINT, 0)));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID,
		  create_port(self->a.pt, 0, PORT + 2, self->b_id, message_port(SINT, 0)));
	/* ids are a partition's own */
	EXPECT_EQ(0, create_port(self->b.pt, 0, PORT, self->a_id, message_port(SINT, 0)));
	PROVES("B-14-060 PORT-port-type-HvPortTypeMessage PORT-port-type-HvPortTypeEvent "
	       "PORT-HV-PORT-INFO-PortType PORT-HV-PORT-INFO-Message-Event-TargetSint "
	       "PORT-HV-PORT-INFO-Message-Event-TargetVp PORT-HV-PORT-INFO-Event-BaseFlagNumber "
	       "PORT-HV-PORT-INFO-Event-FlagCount PORT-synic-sint-SINT1-15");
}

TEST_F(port, create_refuses_ids)
{
	struct hv_port_info info = message_port(SINT, 0);
	int fd = self->a.pt;

	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, create_port(fd, 0, 0x1000000, self->b_id, info));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID,
		  create_port(fd, 0, 0x80000000 | PORT, self->b_id, info));
	ASSERT_EQ(0, create_port(fd, 0, PORT, self->b_id, info));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, create_port(fd, 0, PORT, self->b_id, info));
	PROVES("HC-0057/INVALID_PORT_ID PORT-id-format-HV-PORT-ID");

	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, create_port(fd, 0, PORT + 1, self->a_id, info));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, create_port(fd, 0, PORT + 1, NOBODY, info));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  create_port(self->a.dev, NOBODY, PORT + 1, self->b_id, info));
	PROVES("HC-0057/INVALID_PARTITION_ID B-14-068");

	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX,
		  create_port(fd, 0, PORT + 1, self->b_id, message_port(SINT, 2)));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX,
		  create_port(fd, 0, PORT + 1, self->b_id, event_port(SINT, 99, 0, 1)));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX,
		  create_port(fd, 0, PORT + 1, self->b_id, message_port(SINT, HV_ANY_VP - 1)));
	PROVES("HC-0057/INVALID_VP_INDEX B-14-069");
}

TEST_F(port, create_refuses_parameters)
{
	static const struct hv_port_info bad[] = {
		/* type */
		{ .port_type = 0, .message = { SINT, 0 } },
		{ .port_type = 5, .message = { SINT, 0 } },
		/* SINT */
		{ .port_type = HV_PORT_TYPE_MESSAGE, .message = { 0, 0 } },
		{ .port_type = HV_PORT_TYPE_MESSAGE, .message = { 16, 0 } },
		{ .port_type = HV_PORT_TYPE_EVENT, .event = { 0, 0, 0, 1 } },
		{ .port_type = HV_PORT_TYPE_EVENT, .event = { 16, 0, 0, 1 } },
		/* flags */
		{ .port_type = HV_PORT_TYPE_EVENT, .event = { SINT, 0, 0, 0 } },
		{ .port_type = HV_PORT_TYPE_EVENT, .event = { SINT, 0, 0, 2049 } },
		{ .port_type = HV_PORT_TYPE_EVENT, .event = { SINT, 0, 2047, 2 } },
		{ .port_type = HV_PORT_TYPE_EVENT, .event = { SINT, 0, 2048, 1 } },
		{ .port_type = HV_PORT_TYPE_EVENT, .event = { SINT, 0, 65535, 1 } },
		/* reserved */
		{ .port_type = HV_PORT_TYPE_MESSAGE, .padding = 1, .message = { SINT, 0 } },
		{ .port_type = HV_PORT_TYPE_MESSAGE, .message = { SINT, 0, 1ULL << 63 } },
		{ .port_type = HV_PORT_TYPE_EVENT, .event = { SINT, 0, 0, 1, 1 } },
		{ .port_type = HV_PORT_TYPE_MONITOR, .monitor = { GUEST_MONITOR, 1 } },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
			  create_port(self->a.pt, 0, PORT, self->b_id, bad[i]))
			TH_LOG("case %u", i);
	/* and none of them is there */
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, delete_port(self->a.pt, 0, PORT));
	PROVES("HC-0057/INVALID_PARAMETER B-14-054 B-14-067 PORT-synic-sint-SINT0 "
	       "PORT-HV-PORT-INFO-ReservedZ PORT-HV-PORT-INFO-Message-ReservedZ "
	       "PORT-HV-PORT-INFO-Event-ReservedZ PORT-HV-PORT-INFO-Monitor-ReservedZ");

	EXPECT_EQ(HV_STATUS_INVALID_ALIGNMENT,
		  create_port(self->a.pt, 0, PORT, self->b_id, monitor_port(GUEST_MONITOR + 8)));
	PROVES("HC-0057/INVALID_ALIGNMENT B-14-070");
}

/* neither end is there before INITIALIZE */
TEST_F(port, partitions_must_be_active)
{
	struct hv_port_info info = message_port(SINT, HV_ANY_VP);
	struct vmm c;
	u64 id;

	vmm_setup_bare(&c, VMM_FLAGS);
	id = pt_id(c.pt);
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, create_port(c.pt, 0, PORT, self->b_id, info));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, create_port(self->a.pt, 0, PORT, id, info));
	PROVES("HC-0057/INVALID_PARTITION_STATE");
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, delete_port(c.pt, 0, PORT));
	PROVES("HC-0058/INVALID_PARTITION_STATE");
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  connect_port(c.pt, 0, CONN, self->a_id, PORT, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  connect_port(self->b.pt, 0, CONN, id, PORT, 0));
	PROVES("HC-0059/INVALID_PARTITION_STATE");
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, disconnect_port(c.pt, 0, CONN));
	PROVES("HC-005B/INVALID_PARTITION_STATE");
	vmm_teardown(&c);
}

/* 1024 ports and as many connections are as much as one partition gets */
TEST_F(port, limits)
{
	struct hv_port_info info = event_port(SINT, 0, 0, 1);
	unsigned int i;

	for (i = 0; i < 1024; i++) {
		ASSERT_EQ(0, create_port(self->a.pt, 0, i * 0x3fff, self->b_id, info));
		ASSERT_EQ(0, connect_port(self->b.pt, 0, i * 0x3ffe, self->a_id, i * 0x3fff, 0));
	}
	EXPECT_EQ(HV_STATUS_NO_RESOURCES, create_port(self->a.pt, 0, 1, self->b_id, info));
	PROVES("HC-0057/NO_RESOURCES");
	ASSERT_EQ(0, create_port(self->b.pt, 0, 1, self->a_id, info));
	ASSERT_EQ(0, connect_port(self->a.pt, 0, 1, self->b_id, 1, 0));
	ASSERT_EQ(0, create_port(self->a.dev, 0, 1, self->b_id, info));
	EXPECT_EQ(HV_STATUS_NO_RESOURCES, connect_port(self->b.pt, 0, 1, ROOT_ID, 1, 0));
	PROVES("HC-0059/NO_RESOURCES");
	EXPECT_EQ(0, disconnect_port(self->b.pt, 0, 0x3ffe));
	EXPECT_EQ(0, connect_port(self->b.pt, 0, 1, ROOT_ID, 1, 0));
	EXPECT_EQ(0, delete_port(self->a.pt, 0, 0x3fff));
	EXPECT_EQ(0, create_port(self->a.pt, 0, 1, self->b_id, info));
}

/* ---- HvDeletePort ---- */

TEST_F(port, delete)
{
	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT, self->b_id, message_port(SINT, 0)));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, delete_port(self->a.pt, 0, PORT + 1));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, delete_port(self->a.pt, 0, 0x1000000 | PORT));
	/* of another partition */
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, delete_port(self->b.pt, 0, PORT));
	EXPECT_EQ(0, delete_port(self->a.pt, 0, PORT));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, delete_port(self->a.pt, 0, PORT));
	PROVES("HC-0058/INVALID_PORT_ID");
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, delete_port(self->a.dev, NOBODY, PORT));
	PROVES("HC-0058/INVALID_PARTITION_ID");
	EXPECT_EQ(0, create_port(self->a.pt, 0, PORT, self->b_id, event_port(SINT, 0, 0, 1)));
	PROVES("B-14-071");
}

/* ---- HvConnectPort, HvDisconnectPort ---- */

TEST_F(port, connect_refuses)
{
	struct vmm c;

	pt_setup(&c, 0, 0);
	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT, self->b_id, message_port(SINT, 0)));
	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT + 1, self->b_id, event_port(SINT, 0, 0, 1)));
	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT + 2, self->b_id, monitor_port(GUEST_MONITOR)));

	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  connect_port(c.pt, 0, CONN, self->a_id, PORT, 0));
	PROVES("B-14-066");
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  connect_port(self->b.pt, 0, CONN, NOBODY, PORT, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  connect_port(self->b.dev, NOBODY, CONN, self->a_id, PORT, 0));
	PROVES("HC-0059/INVALID_PARTITION_ID");

	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID,
		  connect_port(self->b.pt, 0, 0x1000000, self->a_id, PORT, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID,
		  connect_port(self->b.pt, 0, CONN, self->a_id, 0x1000000 | PORT, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID,
		  connect_port(self->b.pt, 0, CONN, self->a_id, PORT + 9, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  connect_port(self->b.pt, 0, CONN, self->a_id, PORT, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  connect_port(self->b.pt, 0, CONN, self->a_id, PORT + 1, 1ULL << 63));
	PROVES("HC-0059/INVALID_PARAMETER PORT-HV-CONNECTION-INFO-Message-ReservedZ "
	       "PORT-HV-CONNECTION-INFO-Event-ReservedZ");
	EXPECT_EQ(HV_STATUS_INVALID_ALIGNMENT,
		  connect_port(self->b.pt, 0, CONN, self->a_id, PORT + 2, GUEST_MONITOR + 4));
	PROVES("HC-0059/INVALID_ALIGNMENT");

	EXPECT_EQ(0, connect_port(self->b.pt, 0, CONN, self->a_id, PORT, 0));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID,
		  connect_port(self->b.pt, 0, CONN, self->a_id, PORT + 1, 0));
	PROVES("HC-0059/INVALID_CONNECTION_ID PORT-id-format-HV-CONNECTION-ID");
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID,
		  connect_port(self->b.pt, 0, CONN + 1, self->a_id, PORT, 0));
	PROVES("HC-0059/INVALID_PORT_ID B-14-072");
	/* what was refused left the second port as it was */
	EXPECT_EQ(0, connect_port(self->b.pt, 0, CONN + 1, self->a_id, PORT + 1, 0));
	vmm_teardown(&c);
}

TEST_F(port, disconnect)
{
	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT, self->b_id, event_port(SINT, 0, 0, 1)));
	ASSERT_EQ(0, connect_port(self->b.pt, 0, CONN, self->a_id, PORT, 0));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, disconnect_port(self->b.pt, 0, CONN + 1));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID,
		  disconnect_port(self->b.pt, 0, 0x1000000 | CONN));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, disconnect_port(self->a.pt, 0, CONN));
	EXPECT_EQ(0, disconnect_port(self->b.pt, 0, CONN));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, disconnect_port(self->b.pt, 0, CONN));
	PROVES("HC-005B/INVALID_CONNECTION_ID");
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, disconnect_port(self->b.dev, NOBODY, CONN));
	PROVES("HC-005B/INVALID_PARTITION_ID");
	/* either is free again */
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, guest_signal(&self->b.vp[0], CONN, 0));
	EXPECT_EQ(0, connect_port(self->b.dev, self->b_id, CONN, self->a_id, PORT, 0));
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, guest_signal(&self->b.vp[0], CONN, 0));
	PROVES("B-14-075");
}

/* codes of later editions: the same with VTL 0 */
TEST_F(port, later_codes)
{
	struct hv_input_create_port_vtl create = {
		.port_id = PORT, .connection_partition = self->b_id,
		.port_info = event_port(SINT, 0, 0, 1),
	};
	struct hv_input_connect_port_vtl connect = {
		.connection_id = CONN, .port_partition = self->a_id, .port_id = PORT,
		.connection_info = { .port_type = HV_PORT_TYPE_MESSAGE },
	};

#define CREATE() vmm_call(self->a.pt, HVCALL_CREATE_PORT_VTL, &create, sizeof(create), NULL, 0)
#define CONNECT() vmm_call(self->b.pt, HVCALL_CONNECT_PORT_VTL, &connect, sizeof(connect), NULL, 0)
	create.port_vtl = 1;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, CREATE());
	create.port_vtl = 0;
	EXPECT_EQ(0, CREATE());
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, CREATE());

	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, CONNECT());
	connect.connection_info.port_type = HV_PORT_TYPE_EVENT;
	connect.connection_vtl = 1;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, CONNECT());
	connect.connection_vtl = 0;
	connect.connection_info.padding = 1;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, CONNECT());
	connect.connection_info.padding = 0;
	EXPECT_EQ(0, CONNECT());
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, guest_signal(&self->b.vp[0], CONN, 0));
	PROVES("HC-0095 HC-0096 PORT-HV-CONNECTION-INFO-PortType "
	       "PORT-HV-CONNECTION-INFO-ReservedZ");
#undef CREATE
#undef CONNECT
}

/* ---- properties ---- */

TEST_F(port, properties)
{
	u64 val = 0;

	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT, self->b_id, message_port(SINT, HV_ANY_VP)));
	EXPECT_EQ(0, get_port_property(self->a.pt, 0, PORT, HV_PORT_PROPERTY_PREFERRED_TARGET_VP,
				       &val));
	EXPECT_EQ(HV_ANY_VP, val);
	EXPECT_EQ(0, set_port_property(self->a.pt, 0, PORT, HV_PORT_PROPERTY_PREFERRED_TARGET_VP,
				       1, &val));
	EXPECT_EQ(1, val);
	PROVES("B-14-074");
	val = 77;
	EXPECT_EQ(0, get_port_property(self->a.dev, self->a_id, PORT,
				       HV_PORT_PROPERTY_PREFERRED_TARGET_VP, &val));
	EXPECT_EQ(1, val);
	PROVES("PORT-port-property-HvPortPropertyPreferredTargetVp");
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX,
		  set_port_property(self->a.pt, 0, PORT, HV_PORT_PROPERTY_PREFERRED_TARGET_VP, 2,
				    &val));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX,
		  set_port_property(self->a.pt, 0, PORT, HV_PORT_PROPERTY_PREFERRED_TARGET_VP,
				    1ULL << 32, &val));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  set_port_property(self->a.pt, 0, PORT, HV_PORT_PROPERTY_POST_COUNT, 0, &val));

	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY, get_port_property(self->a.pt, 0, PORT, 9, &val));
	PROVES("HC-005A/UNKNOWN_PROPERTY B-14-073");
	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY, set_port_property(self->a.pt, 0, PORT, 2, 0, &val));
	PROVES("HC-0070/UNKNOWN_PROPERTY");
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, get_port_property(self->a.pt, 0, PORT + 1, 0, &val));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID,
		  get_port_property(self->a.pt, 0, 0x1000000 | PORT, 0, &val));
	PROVES("HC-005A/INVALID_PORT_ID");
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID,
		  set_port_property(self->a.pt, 0, PORT + 1, 1, 0, &val));
	PROVES("HC-0070/INVALID_PORT_ID");
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  get_port_property(self->a.dev, NOBODY, PORT, 0, &val));
	PROVES("HC-005A/INVALID_PARTITION_ID");
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  set_port_property(self->a.dev, NOBODY, PORT, 1, 0, &val));
	PROVES("HC-0070 HC-0070/INVALID_PARTITION_ID");
}

/* ---- memory ---- */

#define POOL_PAGES	64

/* gives partition @id @nr pages of the VMM's, from @addr on */
static int deposit(int dev, u64 id, void *addr, u16 nr)
{
	struct {
		struct hv_input_deposit_memory head;
		u64 page[POOL_PAGES];
	} in = { .head = { .partition_id = id } };
	u16 reps = nr, i;

	for (i = 0; i < nr; i++)
		in.page[i] = ((uintptr_t)addr >> 12) + i;
	return vmm_call_reps(dev, HVCALL_DEPOSIT_MEMORY, &reps, &in, 8 + nr * 8, NULL, 0);
}

static u64 available(int dev, u64 id)
{
	struct hv_input_get_memory_balance in = { .partition_id = id };
	struct hv_output_get_memory_balance out = { 0 };
	int ret = vmm_call(dev, HVCALL_GET_MEMORY_BALANCE, &in, sizeof(in), &out, sizeof(out));

	if (ret)
		vmm_die("HvGetMemoryBalance: %d", ret);
	return out.pages_available;
}

/* a port is paid for by who receives, a connection by who sends */
TEST_F(port, pools)
{
	struct hv_input_create_partition_20 create = { 0 };
	u8 *pages = mmap(NULL, POOL_PAGES * 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	unsigned int i, used = 0;
	int dev = self->a.dev;
	u64 id = 0, start;

	ASSERT_NE(MAP_FAILED, pages);
	ASSERT_EQ(0, vmm_call(dev, HVCALL_CREATE_PARTITION, &create, sizeof(create), &id, 8));
	/* as much as it takes, and some */
	while (vmm_call(dev, HVCALL_INITIALIZE_PARTITION, &id, 8, NULL, 0) ==
	       HV_STATUS_INSUFFICIENT_MEMORY && used < 32)
		ASSERT_EQ(0, deposit(dev, id, pages + used++ * 4096, 1));
	ASSERT_EQ(0, deposit(dev, id, pages + used * 4096, 8));
	used += 8;
	start = available(dev, id);
	ASSERT_LE(8, start);

	for (i = 0; i < 16; i++) {
		int ret = create_port(dev, id, PORT + i, self->b_id, message_port(SINT, HV_ANY_VP));

		if (ret == HV_STATUS_INSUFFICIENT_MEMORY)
			break;
		ASSERT_EQ(0, ret);
	}
	EXPECT_LT(0, i);
	EXPECT_GT(16, i);
	PROVES("HC-0057/INSUFFICIENT_MEMORY");
	EXPECT_GT(start, available(dev, id));
	ASSERT_EQ(0, deposit(dev, id, pages + used * 4096, 4));
	EXPECT_EQ(0, create_port(dev, id, PORT + i, self->b_id, message_port(SINT, HV_ANY_VP)));
	while (i + 1)
		EXPECT_EQ(0, delete_port(dev, id, PORT + i--));
	EXPECT_EQ(start + 4, available(dev, id));

	for (i = 0; i < 32; i++) {
		int ret;

		ASSERT_EQ(0, create_port(self->a.pt, 0, PORT + i, id, event_port(SINT, 0, 0, 1)));
		ret = connect_port(dev, id, CONN + i, self->a_id, PORT + i, 0);
		if (ret == HV_STATUS_INSUFFICIENT_MEMORY)
			break;
		ASSERT_EQ(0, ret);
	}
	EXPECT_EQ(start + 4, i);
	EXPECT_EQ(0, available(dev, id));
	PROVES("HC-0059/INSUFFICIENT_MEMORY");
	while (i--)
		EXPECT_EQ(0, disconnect_port(dev, id, CONN + i));
	EXPECT_EQ(start + 4, available(dev, id));
	PROVES("B-14-028");

	/* finalizing takes what there is */
	ASSERT_EQ(0, create_port(dev, id, PORT, self->b_id, message_port(SINT, HV_ANY_VP)));
	ASSERT_EQ(0, connect_port(self->b.pt, 0, CONN, id, PORT, 0));
	EXPECT_EQ(0, vmm_call(dev, HVCALL_FINALIZE_PARTITION, &id, 8, NULL, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, guest_post(&self->b.vp[0], CONN, 1, "", 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, delete_port(dev, id, PORT));
	munmap(pages, POOL_PAGES * 4096);
}

/* ---- life ---- */

TEST_F(port, either_partition_may_go_first)
{
	struct vmm c, d;
	u64 c_id, d_id;
	long pages;

	/* its page tables are there */
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, guest_post(&self->b.vp[0], CONN, 1, "", 0));
	pages = vmm_count("pages");

	/* the receiver */
	pt_setup(&c, 0, 1);
	c_id = pt_id(c.pt);
	ASSERT_EQ(0, create_port(c.pt, 0, PORT, self->b_id, message_port(SINT, 0)));
	ASSERT_EQ(0, create_port(c.pt, 0, PORT + 1, self->b_id, monitor_port(GUEST_MONITOR)));
	ASSERT_EQ(0, connect_port(self->b.pt, 0, CONN, c_id, PORT, 0));
	ASSERT_EQ(0, connect_port(self->b.pt, 0, CONN + 1, c_id, PORT + 1, GUEST_MONITOR));
	synic_on(&c.vp[0]);
	/* one in the slot, two in the queue */
	EXPECT_EQ(0, guest_post(&self->b.vp[0], CONN, 1, "", 0));
	EXPECT_EQ(0, guest_post(&self->b.vp[0], CONN, 1, "", 0));
	EXPECT_EQ(0, guest_post(&self->b.vp[0], CONN, 1, "", 0));
	vmm_teardown(&c);
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, guest_post(&self->b.vp[0], CONN, 1, "", 0));
	EXPECT_EQ(0, disconnect_port(self->b.pt, 0, CONN));
	EXPECT_EQ(0, disconnect_port(self->b.pt, 0, CONN + 1));
	EXPECT_TRUE(vmm_count_settles("pages", pages));
	PROVES("B-14-029");

	/* the sender */
	pt_setup(&d, PRIV_SEND, 1);
	d_id = pt_id(d.pt);
	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT, d_id, message_port(SINT, 0)));
	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT + 1, d_id, monitor_port(GUEST_MONITOR)));
	ASSERT_EQ(0, connect_port(d.pt, 0, CONN, self->a_id, PORT, 0));
	ASSERT_EQ(0, connect_port(d.pt, 0, CONN + 1, self->a_id, PORT + 1, GUEST_MONITOR));
	vmm_teardown(&d);
	EXPECT_EQ(0, delete_port(self->a.pt, 0, PORT));
	EXPECT_EQ(0, delete_port(self->a.pt, 0, PORT + 1));
	EXPECT_TRUE(vmm_count_settles("pages", pages));
}

/* deleted ports are told from missing connections, and the id may be used anew */
TEST_F(port, connection_of_a_deleted_port)
{
	struct vmm_vp *b = &self->b.vp[0];

	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT, self->b_id, event_port(SINT, 0, 0, 1)));
	ASSERT_EQ(0, connect_port(self->b.pt, 0, CONN, self->a_id, PORT, 0));
	ASSERT_EQ(0, delete_port(self->a.pt, 0, PORT));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, guest_signal(b, CONN, 0));
	/* a new port of that id is another one */
	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT, self->b_id, event_port(SINT, 0, 0, 1)));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, guest_signal(b, CONN, 0));
	ASSERT_EQ(0, disconnect_port(self->b.pt, 0, CONN));
	ASSERT_EQ(0, connect_port(self->b.pt, 0, CONN, self->a_id, PORT, 0));
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, guest_signal(b, CONN, 0));
	PROVES("HC-005D/INVALID_PORT_ID");
}

/* another process with the device's descriptor has no business with our partitions */
TEST_F(port, of_another_process)
{
	struct hv_port_info info = message_port(SINT, HV_ANY_VP);
	int status, pid;
	u64 val;

	ASSERT_EQ(0, create_port(self->a.dev, 0, PORT, self->b_id, info));
	ASSERT_EQ(0, create_port(self->a.pt, 0, PORT, self->b_id, info));
	pid = fork();
	if (!pid) {
		int dev = self->a.dev;

		_exit(create_port(dev, self->a_id, PORT + 1, self->b_id, info) !=
		      HV_STATUS_ACCESS_DENIED ? 1 :
		      delete_port(dev, self->a_id, PORT) != HV_STATUS_ACCESS_DENIED ? 2 :
		      connect_port(dev, self->b_id, CONN, self->a_id, PORT, 0) !=
		      HV_STATUS_ACCESS_DENIED ? 3 :
		      disconnect_port(dev, self->b_id, CONN) != HV_STATUS_ACCESS_DENIED ? 4 :
		      get_port_property(dev, self->a_id, PORT, 0, &val) !=
		      HV_STATUS_ACCESS_DENIED ? 5 :
		      set_port_property(dev, self->a_id, PORT, 1, 0, &val) !=
		      HV_STATUS_ACCESS_DENIED ? 6 :
		      /* nor has it a port of the root's with that id */
		      open_port(dev, PORT, -1) != -ENOENT ? 7 :
		      delete_port(dev, 0, PORT) != HV_STATUS_INVALID_PORT_ID ? 8 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	PROVES("HC-0057/ACCESS_DENIED HC-0058/ACCESS_DENIED HC-0059/ACCESS_DENIED "
	       "HC-005B/ACCESS_DENIED HC-005A/ACCESS_DENIED HC-0070/ACCESS_DENIED");
}

TEST_HARNESS_MAIN
