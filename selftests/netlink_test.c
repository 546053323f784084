// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink_test.c - the netlink family as tlfsctl shows it: list, show, monitor, hypercalls
 */
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

#include "harness.h"
#include "ports.h"

#define NOBODY	65534
#define PATIENCE_MS	30000

/* feature_table.h: reset and crash MSRs */
#define FEATURE_RESET	(1ULL << 60)
#define FEATURE_CRASH	(1ULL << 61)

FIXTURE(netlink) {
	struct vmm vm;
	u64 id;
	char out[262144];
};

/* ---- tlfsctl ---- */

/* its standard output at @out, its standard error nowhere */
static pid_t start(int out, uid_t uid, const char *command, const char *arg)
{
	const char *ctl = getenv("TLFSCTL");
	pid_t pid = fork();
	int null;

	if (pid)
		return pid;
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(out, 1);
	dup2(null, 2);
	if (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid)))
		_exit(126);
	execl(ctl ? ctl : "tlfsctl", "tlfsctl", command, arg ?: "--json", arg ? "--json" : NULL,
	      NULL);
	_exit(127);
}

/* its exit status; all it says is in @out */
static int ctl_as(uid_t uid, char *out, size_t size, const char *command, const char *arg)
{
	size_t len = 0;
	int fd[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe(fd))
		vmm_die("pipe");
	pid = start(fd[1], uid, command, arg);
	close(fd[1]);
	while (len < size - 1 && (n = read(fd[0], out + len, size - 1 - len)) > 0)
		len += n;
	out[len] = 0;
	close(fd[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int ctl(FIXTURE_DATA(netlink) *self, const char *command, const char *arg)
{
	return ctl_as(0, self->out, sizeof(self->out), command, arg);
}

/* is this text, a printf, in @out */
__attribute__((format(printf, 2, 3)))
static bool says(const char *out, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return strstr(out, text);
}

static bool lists(const char *out, u64 id)
{
	return says(out, "\"id\":\"%llu\"", (unsigned long long)id);
}

FIXTURE_SETUP(netlink)
{
	vmm_setup_bare(&self->vm, VMM_FLAGS);
	ASSERT_EQ(0, vmm_ioctl(self->vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	self->id = pt_id(self->vm.pt);
}

FIXTURE_TEARDOWN(netlink)
{
	vmm_teardown(&self->vm);
	EXPECT_TRUE(vmm_count_settles("partitions", 0));
}

TEST_F(netlink, list_and_show)
{
	const union hv_register_value off = { .reg64 = 0 };
	struct vmm_vp *vp = self->vm.vp;
	char id[24];

	vp[0].fd = vmm_create_vp(self->vm.pt, 0);
	vp[2].fd = vmm_create_vp(self->vm.pt, 2);
	ASSERT_LE(0, vp[0].fd);
	ASSERT_LE(0, vp[2].fd);
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_CPU_WEIGHT, 321));
	ASSERT_EQ(0, create_port(self->vm.pt, 0, 77, ROOT_ID, message_port(5, 0)));
	ASSERT_EQ(0, ctl(self, "list", NULL));
	EXPECT_TRUE(lists(self->out, self->id)) TH_LOG("%s", self->out);
	EXPECT_TRUE(says(self->out, "\"state\":\"active\""));
	EXPECT_TRUE(says(self->out, "\"vps\":\"2\""));
	EXPECT_TRUE(says(self->out, "\"pid\":\"%d\"", getpid()));

	snprintf(id, sizeof(id), "%llu", (unsigned long long)self->id);
	ASSERT_EQ(0, ctl(self, "show", id));
	EXPECT_TRUE(says(self->out, "\"what\":\"weight\",\n      \"value\":\"321\""))
		TH_LOG("%s", self->out);
	EXPECT_TRUE(says(self->out, "\"object\":\"vp0\",\n      \"what\":\"state\",\n      "
			 "\"value\":\"suspended\"")) TH_LOG("%s", self->out);
	ASSERT_EQ(0, vmm_set_register(self->vm.pt, 0, HV_REGISTER_EXPLICIT_SUSPEND, &off));
	ASSERT_EQ(0, vmm_set_register(self->vm.pt, 2, HV_REGISTER_EXPLICIT_SUSPEND, &off));
	ASSERT_EQ(0, ctl(self, "show", id));
	EXPECT_TRUE(says(self->out, "\"object\":\"vp0\",\n      \"what\":\"state\",\n      "
			 "\"value\":\"ready\""));
	EXPECT_TRUE(says(self->out, "\"object\":\"vp2\",\n      \"what\":\"state\",\n      "
			 "\"value\":\"startup\""));
	EXPECT_FALSE(says(self->out, "\"object\":\"vp1\""));
	EXPECT_TRUE(says(self->out, "\"object\":\"port77\",\n      \"what\":\"type\",\n      "
			 "\"value\":\"message\""));
	EXPECT_EQ(1, ctl(self, "show", "999999"));
	EXPECT_EQ(2, ctl(self, "show", "seven"));
}

/* of somebody without capabilities: his own, and he cannot listen */
TEST_F(netlink, permissions)
{
	int status;
	pid_t pid;

	ASSERT_EQ(0, ctl_as(NOBODY, self->out, sizeof(self->out), "list", NULL));
	EXPECT_FALSE(lists(self->out, self->id)) TH_LOG("%s", self->out);
	EXPECT_EQ(1, ctl_as(NOBODY, self->out, sizeof(self->out), "monitor", NULL));
	EXPECT_EQ(0, ctl_as(NOBODY, self->out, sizeof(self->out), "hypercalls", NULL));

	pid = fork();
	if (!pid) {
		int dev = vmm_open(), pt;
		u64 own;

		/* what he makes with a descriptor he was given is his */
		if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
			_exit(10);
		pt = vmm_create_partition(dev, VMM_FLAGS);
		own = pt_id(pt);
		if (ctl_as(0, self->out, sizeof(self->out), "list", NULL))
			_exit(11);
		_exit(!lists(self->out, own) || lists(self->out, self->id));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static unsigned int occurrences(const char *out, const char *text)
{
	unsigned int n = 0;

	for (; (out = strstr(out, text)) != NULL; out++)
		n++;
	return n;
}

#define MANY_PARTITIONS	40
#define MANY_VPS	64
#define MANY_PORTS	300

/* more than fit one message of a dump: all of them, and none twice */
TEST_F(netlink, many)
{
	int pt[MANY_PARTITIONS], vp[MANY_VPS];
	unsigned int i;
	char id[24];

	for (i = 0; i < MANY_PARTITIONS; i++) {
		pt[i] = vmm_create_partition(self->vm.dev, VMM_FLAGS);
		ASSERT_LE(0, pt[i]);
	}
	ASSERT_EQ(0, ctl(self, "list", NULL));
	EXPECT_EQ(MANY_PARTITIONS + 1, occurrences(self->out, "\"id\":"));
	for (i = 0; i < MANY_PARTITIONS; i++) {
		EXPECT_TRUE(lists(self->out, pt_id(pt[i])));
		close(pt[i]);
	}

	for (i = 0; i < MANY_VPS; i++) {
		vp[i] = vmm_create_vp(self->vm.pt, i);
		ASSERT_LE(0, vp[i]);
	}
	for (i = 0; i < MANY_PORTS; i++)
		ASSERT_EQ(0, create_port(self->vm.pt, 0, 1000 + i * 7, ROOT_ID,
					 message_port(5, 0)));
	snprintf(id, sizeof(id), "%llu", (unsigned long long)self->id);
	ASSERT_EQ(0, ctl(self, "show", id));
	EXPECT_EQ(MANY_VPS, occurrences(self->out, "\"what\":\"cpu\""));
	EXPECT_EQ(MANY_PORTS, occurrences(self->out, "\"what\":\"messages posted\""));
	for (i = 0; i < MANY_PORTS; i++)
		EXPECT_TRUE(says(self->out, "\"port%u\"", 1000 + i * 7));
	for (i = 0; i < MANY_VPS; i++)
		close(vp[i]);
}

TEST_F(netlink, hypercalls)
{
	static const struct {
		const char *code, *name, *here;
	} calls[] = {
		{ "0x0001", "HvSwitchVirtualAddressSpace", "true" },
		{ "0x0040", "HvCreatePartition", "true" },
		{ "0x0071", "HvGetSystemProperty", "true" },
		{ "0x007e", "HvRetargetDeviceInterrupt", "true" },
		{ "0x00af", "HvFlushGuestPhysicalAddressSpace", "false" },
	};
	unsigned int i, rows = 0;
	const char *p;

	ASSERT_EQ(0, ctl(self, "hypercalls", NULL));
	for (p = self->out; (p = strstr(p, "\"code\":")) != NULL; p++)
		rows++;
	EXPECT_LE(56, rows);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		EXPECT_TRUE(says(self->out, "\"code\":\"%s\",\n      \"name\":\"%s\",\n      "
				 "\"implemented\":%s", calls[i].code, calls[i].name, calls[i].here))
			TH_LOG("row %u", i);
	EXPECT_TRUE(says(self->out, "\"privilege\":\"CreatePartitions\""));
}

/* ---- monitor ---- */

GUEST_CODE(ends, "64",
	   "mov	$0x40000100, %ecx\n\t"
	   "mov	$0xabcd, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "wrmsr\n\t"
	   "mov	$0x40000105, %ecx\n\t"
	   "xor	%eax, %eax\n\t"
	   "mov	$0x80000000, %edx\n\t"
	   "wrmsr\n\t"
	   "mov	$0x40000003, %ecx\n\t"
	   "mov	$1, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "wrmsr\n\t"
	   "push	$0\n\t"
	   "push	$0\n\t"
	   "lidt	(%rsp)\n\t"
	   "ud2\n\t");

GUEST_CODE(rest, "16",
	   "out	%eax, $0xe0\n\t"
	   "1:	hlt\n\t"
	   "jmp	1b");

/* wait until the pipe has said this */
static bool heard(int fd, char *out, size_t size, const char *text)
{
	u64 end = vmm_now_ms() + PATIENCE_MS;
	size_t len = strlen(out);

	while (!strstr(out, text) && vmm_now_ms() < end) {
		ssize_t n = read(fd, out + len, size - 1 - len);

		if (n > 0) {
			len += n;
			out[len] = 0;
		} else {
			vmm_sleep_ms(10);
		}
	}
	return strstr(out, text);
}

#define HEARD(...) do {								\
	char text_[160];							\
										\
	snprintf(text_, sizeof(text_), __VA_ARGS__);				\
	EXPECT_TRUE(heard(fd[0], self->out, sizeof(self->out), text_))		\
		TH_LOG("waited for %s in %s", text_, self->out);		\
} while (0)

TEST_F(netlink, monitor)
{
	unsigned long long id;
	struct hv_message msg;
	int fd[2], status;
	struct vmm vm;
	u64 features;
	pid_t pid;

	ASSERT_EQ(0, pipe2(fd, O_NONBLOCK));
	self->out[0] = 0;
	pid = start(fd[1], 0, "monitor", NULL);
	HEARD("listening");

	vmm_setup_bare(&vm, VMM_FLAGS);
	ASSERT_EQ(0, vmm_get_property(vm.pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				      &features));
	ASSERT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				      features | FEATURE_RESET | FEATURE_CRASH));
	ASSERT_EQ(0, vmm_ioctl(vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	id = pt_id(vm.pt);
	vm.ram = vmm_add_memory(&vm, 0, VMM_RAM, VMM_RWX);
	vm.vp[0].fd = vmm_create_vp(vm.pt, 0);
	vm.vp[1] = (struct vmm_vp){ .fd = vmm_create_vp(vm.pt, 1), .index = 1, .vm = &vm };
	HEARD("\"partition-created\", \"partition\": %llu, \"parent\": 1 }", id);
	HEARD("\"vp-created\", \"partition\": %llu, \"parent\": 1, \"vp\": 0 }", id);
	HEARD("\"vp-created\", \"partition\": %llu, \"parent\": 1, \"vp\": 1 }", id);

	vmm_load(&vm, VMM_AP_CODE, &rest);
	ASSERT_EQ(0, vmm_assert(&vm, HV_X64_INTERRUPT_TYPE_SIPI, 1, VMM_AP_CODE >> 12));
	vmm_run_out(&vm.vp[1], 0xe0);
	HEARD("\"vp-started\", \"partition\": %llu, \"parent\": 1, \"vp\": 1, \"rip\": \"0xa000\"",
	      id);

	vmm_start64(&vm.vp[0], &ends);
	vmm_run_to(&vm.vp[0], HVMSG_X64_MSR_INTERCEPT, &msg);
	HEARD("\"crash\", \"partition\": %llu, \"parent\": 1, \"vp\": 0, \"parameters\": "
	      "[ \"0xabcd\", \"0x0\", \"0x0\", \"0x0\", \"0x0\" ]", id);
	vmm_skip(&vm.vp[0], &msg);
	vmm_run_to(&vm.vp[0], HVMSG_X64_MSR_INTERCEPT, &msg);
	HEARD("\"reset\", \"partition\": %llu, \"parent\": 1, \"vp\": 0 }", id);
	vmm_skip(&vm.vp[0], &msg);
	vmm_run_to(&vm.vp[0], HVMSG_UNRECOVERABLE_EXCEPTION, &msg);
	HEARD("\"triple-fault\", \"partition\": %llu, \"parent\": 1, \"vp\": 0 }", id);
	vmm_teardown(&vm);
	HEARD("\"partition-deleted\", \"partition\": %llu", id);

	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	close(fd[0]);
	close(fd[1]);
}

TEST_HARNESS_MAIN
