// SPDX-License-Identifier: GPL-2.0
/*
 * Completion interrupts of processes on work queues of Intel DSA
 *
 *   IMS_DSA_WQ=wq<m>.<n> IMS_DSA_OTHER=wq<m>.<o> ims_dsa
 *
 * The work queues are dedicated, enabled for processes, with interrupt=ims and
 * interrupts_max=1. Without the second one, what takes two of them is skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/idxd.h>

#include "../kselftest_harness.h"

#define LATE_MS		10000
#define BYTES		4096
#define STATUS_MASK	0x7f	/* bit 7 tells whether the page was to be written */
#define RECORD_ALIGN	32

#define WANTED		(IDXD_OP_FLAG_CRAV | IDXD_OP_FLAG_RCR)

static const char *sysfs(const char *wq, const char *attr)
{
	static char path[128];

	snprintf(path, sizeof(path), "/sys/bus/dsa/devices/%s/%s", wq, attr);
	return path;
}

static bool sysfs_set(const char *wq, const char *attr, const char *value)
{
	int fd = open(sysfs(wq, attr), O_WRONLY);
	bool ok = fd >= 0 && write(fd, value, strlen(value)) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static int wq_open(const char *wq)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/dsa/%s", wq);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Returns 0 or an error number. */
static int irq_bind(int wq, int eventfd, struct idxd_irq_bind *bind)
{
	*bind = (struct idxd_irq_bind){ .argsz = sizeof(*bind), .eventfd = eventfd };

	return ioctl(wq, IDXD_IOC_IRQ_BIND, bind) ? errno : 0;
}

static int irq_arm(int wq, struct idxd_irq_arm *arm)
{
	*arm = (struct idxd_irq_arm){ .argsz = sizeof(*arm) };

	return ioctl(wq, IDXD_IOC_IRQ_ARM, arm) ? errno : 0;
}

static bool submit(int wq, const struct dsa_hw_desc *desc)
{
	return write(wq, desc, sizeof(*desc)) == sizeof(*desc);
}

static bool signalled(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

/* How often it was signalled, waits for the first time */
static uint64_t signals(int fd)
{
	uint64_t n = 0;

	if (!signalled(fd, LATE_MS) || read(fd, &n, sizeof(n)) != sizeof(n))
		return 0;
	return n;
}

static uint8_t wait_for(const struct dsa_completion_record *record)
{
	int i;

	for (i = 0; i < LATE_MS && !record->status; i++)
		usleep(1000);
	return record->status & STATUS_MASK;
}

FIXTURE(wq)
{
	int fd;
	int eventfd;
	char *src;
	char *dst;
	struct dsa_completion_record *record;
	struct dsa_hw_desc desc;
};

FIXTURE_SETUP(wq)
{
	const char *wq = getenv("IMS_DSA_WQ");

	if (!wq)
		SKIP(return, "IMS_DSA_WQ does not name a work queue");
	self->fd = wq_open(wq);
	if (self->fd < 0 && errno == ENOENT)
		SKIP(return, "%s is not enabled for processes", wq);
	ASSERT_GE(self->fd, 0) TH_LOG("cannot open %s: %s", wq, strerror(errno));
	self->eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ASSERT_GE(self->eventfd, 0);

	self->src = aligned_alloc(BYTES, BYTES);
	self->dst = aligned_alloc(BYTES, BYTES);
	self->record = aligned_alloc(RECORD_ALIGN, sizeof(*self->record));
	ASSERT_TRUE(self->src && self->dst && self->record);
	memset(self->src, 0x5a, BYTES);
	memset(self->dst, 0, BYTES);
	memset(self->record, 0, sizeof(*self->record));
	self->desc = (struct dsa_hw_desc) {
		.opcode		= DSA_OPCODE_MEMMOVE,
		.flags		= WANTED | IDXD_OP_FLAG_RCI,
		.completion_addr = (uintptr_t)self->record,
		.src_addr	= (uintptr_t)self->src,
		.dst_addr	= (uintptr_t)self->dst,
		.xfer_size	= BYTES,
	};
}

FIXTURE_TEARDOWN(wq)
{
	if (self->fd >= 0)
		close(self->fd);
}

TEST_F(wq, bad_arguments)
{
	struct idxd_irq_bind bind;
	struct idxd_irq_arm arm;

	EXPECT_EQ(ioctl(self->fd, IDXD_IOC_IRQ_BIND, NULL), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(ioctl(self->fd, IDXD_IOC_IRQ_ARM, NULL), -1);
	EXPECT_EQ(errno, EFAULT);
	EXPECT_EQ(ioctl(self->fd, _IO(IDXD_IOC_MAGIC, 2)), -1);
	EXPECT_EQ(errno, ENOTTY);

	bind = (struct idxd_irq_bind){ .argsz = sizeof(bind) - 1, .eventfd = self->eventfd };
	EXPECT_EQ(ioctl(self->fd, IDXD_IOC_IRQ_BIND, &bind), -1);
	EXPECT_EQ(errno, EINVAL);
	bind = (struct idxd_irq_bind){ .argsz = sizeof(bind), .flags = 1 };
	EXPECT_EQ(ioctl(self->fd, IDXD_IOC_IRQ_BIND, &bind), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_EQ(irq_bind(self->fd, -2, &bind), EINVAL);
	EXPECT_EQ(irq_bind(self->fd, 1000, &bind), EBADF);
	EXPECT_EQ(irq_bind(self->fd, self->fd, &bind), EINVAL);
	EXPECT_EQ(irq_bind(self->fd, -1, &bind), ENOENT);
	EXPECT_EQ(irq_arm(self->fd, &arm), ENOENT);

	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	EXPECT_EQ(irq_bind(self->fd, self->eventfd, &bind), EBUSY);
	arm = (struct idxd_irq_arm){ .argsz = sizeof(arm) - 1 };
	EXPECT_EQ(ioctl(self->fd, IDXD_IOC_IRQ_ARM, &arm), -1);
	EXPECT_EQ(errno, EINVAL);
	arm = (struct idxd_irq_arm){ .argsz = sizeof(arm), .flags = 1 };
	EXPECT_EQ(ioctl(self->fd, IDXD_IOC_IRQ_ARM, &arm), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_EQ(irq_arm(self->fd, &arm), 0);
}

/* What a newer program says that this kernel does not know */
TEST_F(wq, larger_arguments)
{
	struct {
		struct idxd_irq_bind bind;
		uint32_t more;
	} args = { .bind.argsz = sizeof(args), .bind.eventfd = self->eventfd, .more = 0x5a5a };

	EXPECT_EQ(ioctl(self->fd, IDXD_IOC_IRQ_BIND, &args), 0);
	EXPECT_EQ(args.bind.generation, 1U);
	EXPECT_EQ(args.more, 0x5a5aU);
}

TEST_F(wq, limit)
{
	const char *wq = getenv("IMS_DSA_WQ");
	struct idxd_irq_bind bind;

	if (!sysfs_set(wq, "interrupts_max", "0"))
		SKIP(return, "cannot change interrupts_max");
	EXPECT_EQ(irq_bind(self->fd, self->eventfd, &bind), EDQUOT);
	ASSERT_TRUE(sysfs_set(wq, "interrupts_max", "1"));
	EXPECT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);

	/* Who has an interrupt keeps it */
	ASSERT_TRUE(sysfs_set(wq, "interrupts_max", "0"));
	ASSERT_TRUE(submit(self->fd, &self->desc));
	EXPECT_EQ(signals(self->eventfd), 1U);
	ASSERT_TRUE(sysfs_set(wq, "interrupts_max", "1"));
}

TEST_F(wq, wake)
{
	struct idxd_irq_bind bind;

	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	ASSERT_TRUE(submit(self->fd, &self->desc));
	EXPECT_EQ(signals(self->eventfd), 1U);
	EXPECT_EQ(wait_for(self->record), DSA_COMP_SUCCESS);
	EXPECT_EQ(memcmp(self->src, self->dst, BYTES), 0);
}

/* One interrupt until it is armed, and what came meanwhile is not lost */
TEST_F(wq, one_shot)
{
	struct idxd_irq_bind bind;
	struct idxd_irq_arm arm;
	int i;

	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	ASSERT_TRUE(submit(self->fd, &self->desc));
	ASSERT_EQ(signals(self->eventfd), 1U);
	for (i = 0; i < 3; i++) {
		memset(self->record, 0, sizeof(*self->record));
		ASSERT_TRUE(submit(self->fd, &self->desc));
		ASSERT_EQ(wait_for(self->record), DSA_COMP_SUCCESS);
	}
	EXPECT_FALSE(signalled(self->eventfd, 0));

	ASSERT_EQ(irq_arm(self->fd, &arm), 0);
	EXPECT_EQ(signals(self->eventfd), 1U);
	EXPECT_EQ(arm.handle, bind.handle);
	EXPECT_EQ(arm.generation, bind.generation);
	/* To arm what is armed does nothing */
	ASSERT_EQ(irq_arm(self->fd, &arm), 0);
	ASSERT_EQ(irq_arm(self->fd, &arm), 0);
	EXPECT_FALSE(signalled(self->eventfd, 0));
	ASSERT_TRUE(submit(self->fd, &self->desc));
	EXPECT_EQ(signals(self->eventfd), 1U);
}

TEST_F(wq, not_asked_for)
{
	struct idxd_irq_bind bind;

	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	self->desc.flags = WANTED;
	ASSERT_TRUE(submit(self->fd, &self->desc));
	ASSERT_EQ(wait_for(self->record), DSA_COMP_SUCCESS);
	EXPECT_FALSE(signalled(self->eventfd, 0));
}

TEST_F(wq, not_bound)
{
	struct idxd_irq_bind bind;
	struct idxd_irq_arm arm;

	EXPECT_FALSE(submit(self->fd, &self->desc));
	EXPECT_EQ(errno, EINVAL);

	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	ASSERT_EQ(irq_bind(self->fd, -1, &bind), 0);
	EXPECT_FALSE(submit(self->fd, &self->desc));
	EXPECT_EQ(errno, EINVAL);
	EXPECT_EQ(irq_arm(self->fd, &arm), ENOENT);

	/* And once more */
	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	EXPECT_EQ(bind.generation, 2U);
	ASSERT_TRUE(submit(self->fd, &self->desc));
	EXPECT_EQ(signals(self->eventfd), 1U);
}

TEST_F(wq, eventfd_closed)
{
	struct idxd_irq_bind bind;

	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	close(self->eventfd);
	ASSERT_TRUE(submit(self->fd, &self->desc));
	EXPECT_EQ(wait_for(self->record), DSA_COMP_SUCCESS);
}

/* The descriptor fails, and its process is told */
TEST_F(wq, page_fault)
{
	struct idxd_irq_bind bind;
	void *page = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(page, MAP_FAILED);
	self->desc.dst_addr = (uintptr_t)page;
	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	ASSERT_TRUE(submit(self->fd, &self->desc));
	EXPECT_EQ(signals(self->eventfd), 1U);
	EXPECT_EQ(wait_for(self->record), DSA_COMP_PAGE_FAULT_NOBOF);
	EXPECT_EQ(self->record->fault_addr, (uintptr_t)page);
}

/* The device cannot write the completion record, the driver does */
TEST_F(wq, record_fault)
{
	struct dsa_completion_record *record;
	struct idxd_irq_bind bind;

	record = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(record, MAP_FAILED);
	self->desc.completion_addr = (uintptr_t)record;
	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	ASSERT_TRUE(submit(self->fd, &self->desc));
	EXPECT_GE(signals(self->eventfd), 1U);
	EXPECT_EQ(wait_for(record), DSA_COMP_SUCCESS);
	EXPECT_EQ(memcmp(self->src, self->dst, BYTES), 0);
}

/* The file is for the address space which has opened it */
TEST_F(wq, child)
{
	struct idxd_irq_bind bind;
	struct idxd_irq_arm arm;
	int status;
	pid_t pid;

	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	pid = fork();
	if (!pid)
		_exit(irq_bind(self->fd, -1, &bind) != EPERM || irq_arm(self->fd, &arm) != EPERM);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);

	ASSERT_TRUE(submit(self->fd, &self->desc));
	EXPECT_EQ(signals(self->eventfd), 1U);
}

/* The program that follows an exec must not use the file, or its exit status is not 0 */
static int after_exec(const char *wq)
{
	const struct dsa_hw_desc desc = { .opcode = DSA_OPCODE_NOOP };
	struct idxd_irq_bind bind;
	struct idxd_irq_arm arm;
	int fd = atoi(wq);

	return irq_arm(fd, &arm) != EPERM || irq_bind(fd, -1, &bind) != EPERM ||
	       submit(fd, &desc) || errno != EPERM;
}

/* The file stays open, its address space does not */
TEST_F(wq, exec)
{
	const char *other = getenv("IMS_DSA_OTHER");
	struct idxd_irq_bind bind;
	int status, fd;
	char arg[16];
	pid_t pid;

	if (!other)
		SKIP(return, "IMS_DSA_OTHER does not name a work queue");
	pid = fork();
	if (!pid) {
		fd = wq_open(other);
		if (fd < 0 || irq_bind(fd, self->eventfd, &bind) || fcntl(fd, F_SETFD, 0))
			_exit(2);
		snprintf(arg, sizeof(arg), "%d", fd);
		execl("/proc/self/exe", "ims_dsa", "--after-exec", arg, NULL);
		_exit(3);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);

	/* And gives its interrupt back when it ends */
	fd = wq_open(other);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(irq_bind(fd, self->eventfd, &bind), 0);
	close(fd);
}

/* The neighbour: says which handle it has, and in the end whether somebody has used it */
static void neighbour(const char *wq, int out, int in)
{
	struct idxd_irq_bind bind = { .handle = ~0 };
	int fd = wq_open(wq), event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	char c = 'n';

	if (fd < 0 || event < 0 || irq_bind(fd, event, &bind))
		_exit(1);
	if (write(out, &bind.handle, sizeof(bind.handle)) < 0 || read(in, &c, 1) < 0)
		_exit(2);
	_exit(signalled(event, 0) ? 3 : 0);
}

static void movdir64b(void *dst, const void *src)
{
	asm volatile(".byte 0x66, 0x0f, 0x38, 0xf8, 0x02" : : "a"(dst), "d"(src) : "memory");
}

TEST_F(wq, foreign_handle)
{
	struct dsa_hw_desc desc = self->desc;
	const char *other = getenv("IMS_DSA_OTHER");
	struct idxd_irq_bind bind;
	uint32_t handle;
	int from[2], to[2], status;
	void *portal;
	pid_t pid;

	if (!other)
		SKIP(return, "IMS_DSA_OTHER does not name a work queue");
	portal = mmap(NULL, BYTES, PROT_WRITE, MAP_SHARED | MAP_POPULATE, self->fd, 0);
	if (portal == MAP_FAILED && errno == EPERM)
		SKIP(return, "submission by instruction takes CAP_SYS_RAWIO on this device");
	ASSERT_NE(portal, MAP_FAILED);

	ASSERT_EQ(pipe(from), 0);
	ASSERT_EQ(pipe(to), 0);
	pid = fork();
	if (!pid)
		neighbour(other, from[1], to[0]);
	ASSERT_EQ(read(from[0], &handle, sizeof(handle)), (ssize_t)sizeof(handle));
	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	ASSERT_NE(handle, bind.handle);
	/* Shared with the child, until they are written to */
	memset(self->dst, 0, BYTES);
	memset(self->record, 0, sizeof(*self->record));

	/* Its own handle works this way, too */
	desc.int_handle = bind.handle;
	movdir64b(portal, &desc);
	EXPECT_EQ(signals(self->eventfd), 1U);
	EXPECT_EQ(wait_for(self->record), DSA_COMP_SUCCESS);

	memset(self->record, 0, sizeof(*self->record));
	desc.int_handle = handle;
	movdir64b(portal, &desc);
	EXPECT_EQ(wait_for(self->record), DSA_COMP_INT_HANDLE_INVAL);
	EXPECT_FALSE(signalled(self->eventfd, 0));

	ASSERT_EQ(write(to[1], "", 1), 1);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

/* The administrator disables a work queue which is in use. It stays disabled. */
TEST_F(wq, disabled_meanwhile)
{
	const char *other = getenv("IMS_DSA_OTHER");
	struct idxd_irq_bind bind;
	struct idxd_irq_arm arm;
	int unbind;

	unbind = open("/sys/bus/dsa/drivers/user/unbind", O_WRONLY | O_CLOEXEC);
	if (!other || unbind < 0)
		SKIP(return, "no other work queue which may be disabled");
	close(self->fd);
	self->fd = wq_open(other);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(irq_bind(self->fd, self->eventfd, &bind), 0);
	ASSERT_TRUE(submit(self->fd, &self->desc));
	ASSERT_EQ(signals(self->eventfd), 1U);

	ASSERT_EQ(write(unbind, other, strlen(other)), (ssize_t)strlen(other));
	EXPECT_EQ(signals(self->eventfd), 1U);
	EXPECT_EQ(irq_arm(self->fd, &arm), ENODEV);
	EXPECT_EQ(irq_bind(self->fd, self->eventfd, &bind), ENODEV);
	EXPECT_FALSE(submit(self->fd, &self->desc));
	EXPECT_EQ(errno, ENODEV);
	EXPECT_FALSE(signalled(self->eventfd, 0));
	EXPECT_EQ(irq_bind(self->fd, -1, &bind), 0);
	EXPECT_EQ(irq_bind(self->fd, -1, &bind), ENOENT);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--after-exec"))
		return after_exec(argv[2]);
	return test_harness_run(argc, argv);
}
