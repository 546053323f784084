// SPDX-License-Identifier: GPL-2.0-only
/*
 * port_root_test.c - ports and connections of the root: TLFS_OPEN_PORT, and messages and events by
 * the root itself
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "ports.h"

#define PORT	0x101
#define CONN	0x202
#define SINT	3
#define VECTOR	0x61
#define BUFFERS	16

FIXTURE(root) {
	struct vmm g;
	struct vmm_vp *vp;
	u64 id;
	int dev;
};

FIXTURE_SETUP(root)
{
	pt_setup(&self->g, PRIV_SEND, 1);
	self->vp = &self->g.vp[0];
	self->id = pt_id(self->g.pt);
	self->dev = self->g.dev;
}

FIXTURE_TEARDOWN(root)
{
	vmm_teardown(&self->g);
}

/* a port of the root that the guest has connection CONN + @nr to: its descriptor, not blocking */
static int guest_to_root(struct vmm *vm, u32 nr, struct hv_port_info info, int eventfd)
{
	int fd, ret = create_port(vm->dev, 0, PORT + nr, pt_id(vm->pt), info);

	if (!ret)
		ret = connect_port(vm->pt, 0, CONN + nr, ROOT_ID, PORT + nr, 0);
	if (ret)
		vmm_die("port %u of the root: %d", nr, ret);
	fd = open_port(vm->dev, PORT + nr, eventfd);
	if (fd >= 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int poll_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

TEST_F(root, messages)
{
	struct hv_message m[2];
	char payload[240];
	int fd;

	memset(payload, 0x5a, sizeof(payload));
	fd = guest_to_root(&self->g, 0, message_port(SINT, HV_ANY_VP), -1);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, poll_now(fd));
	EXPECT_EQ(-1, read(fd, m, sizeof(m)));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, guest_post(self->vp, CONN, 0x7fffffff, payload, 240));
	EXPECT_EQ(0, guest_post(self->vp, CONN, 2, payload, 5));
	EXPECT_EQ(POLLIN, poll_now(fd));
	EXPECT_EQ(-1, read(fd, m, sizeof(m[0]) - 1));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(sizeof(m[0]), read(fd, m, sizeof(m)));
	EXPECT_EQ(0x7fffffff, m[0].header.message_type);
	EXPECT_EQ(240, m[0].header.payload_size);
	EXPECT_EQ(HV_MESSAGE_FLAG_PENDING, m[0].header.message_flags);
	EXPECT_EQ(PORT, m[0].header.sender);
	EXPECT_EQ(0, memcmp(payload, m[0].payload, 240));
	ASSERT_EQ(sizeof(m[0]), read(fd, m, sizeof(m[0])));
	EXPECT_EQ(2, m[0].header.message_type);
	EXPECT_EQ(0, m[0].header.message_flags);
	/* nothing of the longer one that was in another buffer */
	EXPECT_EQ(0, memcmp(payload, m[0].payload, 5));
	EXPECT_EQ(0, m[0].payload_bytes[5]);
	EXPECT_EQ(0, poll_now(fd));
	close(fd);
}

TEST_F(root, message_buffers)
{
	struct hv_message m;
	u64 count;
	u32 i;
	int fd;

	fd = guest_to_root(&self->g, 0, message_port(SINT, HV_ANY_VP), -1);
	ASSERT_LE(0, fd);
	for (i = 0; i < BUFFERS; i++)
		ASSERT_EQ(0, guest_post(self->vp, CONN, i + 1, "", 0));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_BUFFERS, guest_post(self->vp, CONN, i + 1, "", 0));
	ASSERT_EQ(sizeof(m), read(fd, &m, sizeof(m)));
	EXPECT_EQ(0, guest_post(self->vp, CONN, i + 1, "", 0));
	for (i = 1; i <= BUFFERS; i++) {
		ASSERT_EQ(sizeof(m), read(fd, &m, sizeof(m)));
		EXPECT_EQ(i + 1, m.header.message_type);
	}
	EXPECT_EQ(0, get_port_property(self->dev, 0, PORT, HV_PORT_PROPERTY_POST_COUNT, &count));
	EXPECT_EQ(BUFFERS + 1, count);
	close(fd);
}

TEST_F(root, events)
{
	struct hv_synic_event_flags flags;
	u64 count = 0;
	int fd, efd;

	efd = eventfd(0, EFD_NONBLOCK);
	ASSERT_LE(0, efd);
	fd = guest_to_root(&self->g, 0, event_port(SINT, HV_ANY_VP, 16, 8), efd);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, read(fd, &flags, sizeof(flags)));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, guest_signal(self->vp, CONN, 0));
	EXPECT_EQ(0, guest_signal(self->vp, CONN, 7));
	/* set already: not another event */
	EXPECT_EQ(0, guest_signal(self->vp, CONN, 7));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, guest_signal(self->vp, CONN, 8));
	EXPECT_EQ(sizeof(count), read(efd, &count, sizeof(count)));
	EXPECT_EQ(2, count);
	EXPECT_EQ(POLLIN, poll_now(fd));
	ASSERT_EQ(sizeof(flags), read(fd, &flags, sizeof(flags)));
	EXPECT_EQ(1ULL << 16 | 1ULL << 23, flags.flags64[0]);
	EXPECT_EQ(0, flags.flags64[1]);
	EXPECT_EQ(0, poll_now(fd));
	EXPECT_EQ(0, guest_signal(self->vp, CONN, 7));
	ASSERT_EQ(sizeof(flags), read(fd, &flags, sizeof(flags)));
	EXPECT_EQ(1ULL << 23, flags.flags64[0]);
	close(fd);
	/* closed: flags are kept for the next, which is told at once */
	EXPECT_EQ(0, guest_signal(self->vp, CONN, 1));
	EXPECT_EQ(sizeof(count), read(efd, &count, sizeof(count)));
	EXPECT_EQ(-1, read(efd, &count, sizeof(count)));
	fd = open_port(self->dev, PORT, efd);
	ASSERT_LE(0, fd);
	EXPECT_EQ(sizeof(count), read(efd, &count, sizeof(count)));
	close(fd);
	close(efd);
}

TEST_F(root, opening)
{
	struct tlfs_open_port arg = { .port_id = PORT, .eventfd = -1 };
	int fd;

	EXPECT_EQ(-ENOENT, open_port(self->dev, PORT, -1));
	fd = guest_to_root(&self->g, 0, message_port(SINT, HV_ANY_VP), -1);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, open_port(self->dev, PORT, -1));
	close(fd);
	EXPECT_EQ(-EBADF, open_port(self->dev, PORT, 999));
	EXPECT_EQ(-EINVAL, open_port(self->dev, PORT, -2));
	EXPECT_EQ(-EINVAL, open_port(self->dev, PORT, 0));
	arg.rsvd = 1;
	EXPECT_EQ(-EINVAL, vmm_ioctl(self->dev, TLFS_OPEN_PORT, &arg));
	EXPECT_EQ(-ENOENT, open_port(self->dev, PORT | 0x1000000, -1));
	EXPECT_EQ(-ENOTTY, vmm_ioctl(self->g.pt, TLFS_OPEN_PORT, &arg));
	fd = open_port(self->dev, PORT, -1);
	EXPECT_LE(0, fd);
	close(fd);
}

/* what is deleted, or whose partition is gone, ends the reader's wait */
TEST_F(root, deleting)
{
	struct hv_message m;
	long pages;
	int fd;

	fd = guest_to_root(&self->g, 0, message_port(SINT, HV_ANY_VP), -1);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, guest_post(self->vp, CONN, 1, "", 0));
	EXPECT_EQ(0, delete_port(self->dev, 0, PORT));
	EXPECT_EQ(POLLHUP, poll_now(fd));
	EXPECT_EQ(0, read(fd, &m, sizeof(m)));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, guest_post(self->vp, CONN, 1, "", 0));
	close(fd);

	fd = guest_to_root(&self->g, 1, event_port(SINT, HV_ANY_VP, 0, 1), -1);
	ASSERT_LE(0, fd);
	pages = vmm_count("partitions");
	vmm_teardown(&self->g);
	EXPECT_TRUE(vmm_count_settles("partitions", pages - 1));
	EXPECT_EQ(POLLHUP, poll_now(fd));
	close(fd);
	pt_setup(&self->g, PRIV_SEND, 1);
}

/* ---- the root sends ---- */

TEST_F(root, sends)
{
	u8 payload[240];
	struct hv_message m;

	memset(payload, 0xa5, sizeof(payload));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, root_post(self->dev, CONN, 1, payload, 8));
	ASSERT_EQ(0, create_port(self->g.pt, 0, PORT, ROOT_ID, message_port(SINT, 0)));
	ASSERT_EQ(0, create_port(self->g.pt, 0, PORT + 1, ROOT_ID, event_port(SINT, 0, 8, 2)));
	/* the same number as of a connection of the guest's: they have nothing to do with it */
	ASSERT_EQ(0, connect_port(self->dev, 0, CONN, self->id, PORT, 0));
	ASSERT_EQ(0, connect_port(self->dev, HV_PARTITION_ID_SELF, CONN + 1, self->id, PORT + 1,
				  0));
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, root_post(self->dev, CONN, 1, payload, 8));
	synic_on(self->vp);
	sint_set(self->vp, SINT, VECTOR);
	EXPECT_EQ(0, root_post(self->dev, CONN, 0x1234, payload, 240));
	m = take_message(self->vp, SINT);
	EXPECT_EQ(0x1234, m.header.message_type);
	EXPECT_EQ(PORT, m.header.sender);
	EXPECT_EQ(0, memcmp(payload, m.payload, 240));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, root_post(self->dev, CONN, 0x80000001, payload, 8));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, root_post(self->dev, CONN, 1, payload, 241));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, root_post(self->dev, CONN + 1, 1, payload, 8));
	EXPECT_EQ(0, root_signal(self->dev, CONN + 1, 1));
	EXPECT_TRUE(take_flag(self->vp, SINT, 9));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, root_signal(self->dev, CONN + 1, 2));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, guest_post(self->vp, CONN, 1, payload, 8));
	EXPECT_EQ(0, disconnect_port(self->dev, 0, CONN));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, root_post(self->dev, CONN, 1, payload, 8));
}

/* ---- everything at once ---- */

struct churn {
	struct vmm *vm;
	bool stop;
	unsigned int turns;
};

/* ports come and go while others post */
static void *churn_ports(void *arg)
{
	struct churn *c = arg;
	struct vmm *vm = c->vm;
	u64 id = pt_id(vm->pt);
	unsigned int i;

	for (i = 0; !LOAD(&c->stop); i++) {
		u32 n = i % 2;

		create_port(vm->dev, 0, PORT + n, id, message_port(SINT, HV_ANY_VP));
		connect_port(vm->pt, 0, CONN + n, ROOT_ID, PORT + n, 0);
		create_port(vm->pt, 0, PORT + n, ROOT_ID, message_port(SINT, HV_ANY_VP));
		connect_port(vm->dev, 0, CONN + n, id, PORT + n, 0);
		root_post(vm->dev, CONN + n, 1, "", 0);
		if (i % 3 == 0)
			disconnect_port(vm->pt, 0, CONN + n);
		delete_port(vm->dev, 0, PORT + n);
		delete_port(vm->pt, 0, PORT + n);
		disconnect_port(vm->pt, 0, CONN + n);
		disconnect_port(vm->dev, 0, CONN + n);
		STORE(&c->turns, i);
	}
	return NULL;
}

TEST_F(root, churn)
{
	struct churn c = { .vm = &self->g };
	u64 end = vmm_now_ms() + 700 * vmm_factor();
	unsigned int posted = 0, i = 0;
	struct hv_message m;
	pthread_t t[2];
	int fd;
	u16 s;

	synic_on(self->vp);
	ASSERT_EQ(0, pthread_create(&t[0], NULL, churn_ports, &c));
	ASSERT_EQ(0, pthread_create(&t[1], NULL, churn_ports, &c));
	while (vmm_now_ms() < end) {
		s = guest_post(self->vp, CONN + i++ % 2, 1, "", 0);
		posted += !s;
		EXPECT_TRUE(!s || s == HV_STATUS_INVALID_CONNECTION_ID ||
			    s == HV_STATUS_INVALID_PORT_ID || s == HV_STATUS_INSUFFICIENT_BUFFERS)
			TH_LOG("status %#x", s);
		fd = open_port(self->dev, PORT, -1);
		if (fd >= 0) {
			fcntl(fd, F_SETFL, O_NONBLOCK);
			if (read(fd, &m, sizeof(m)) < 0)
				EXPECT_EQ(EAGAIN, errno);
			close(fd);
		}
		take_message(self->vp, SINT);
	}
	STORE(&c.stop, true);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	EXPECT_LT(10, c.turns);
	TH_LOG("%u turns, %u messages", c.turns, posted);
}

TEST_HARNESS_MAIN
