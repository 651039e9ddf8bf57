// SPDX-License-Identifier: GPL-2.0
/*
 * Copy memory with a work queue of Intel DSA, and sleep until it is done.
 *
 *   dsa_copy [-p] [-w] [-n COPIES] [-s BYTES] [-q NUMBER] /dev/dsa/wq<m>.<n>
 *
 * The example for those who write such a program: bind an eventfd, submit, arm, look,
 * sleep, and repeat what the device has refused. -p polls instead, for comparison. -w
 * waits for the end of standard input before it copies. -q has so many copies in the work
 * queue at a time: a dedicated one drops what is more than its size. No library is needed.
 *
 * The administrator has set up the work queue with type=user, interrupt=ims and
 * interrupts_max.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/idxd.h>

#define PATIENCE_MS	10000
#define RECORD_ALIGN	32
#define STATUS_MASK	0x7f	/* bit 7 tells whether the page was to be written */

struct copier {
	int wq;
	int eventfd;
	int epoll;
	bool poll;
	struct dsa_completion_record *records;
	struct idxd_irq_arm arm;
	unsigned long wakeups;
	unsigned long faults;
	unsigned long renewed;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void bind_interrupt(struct copier *c)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct idxd_irq_bind bind = { .argsz = sizeof(bind) };

	c->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->eventfd < 0 || c->epoll < 0)
		die("eventfd");
	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->eventfd, &event))
		die("epoll_ctl");

	bind.eventfd = c->eventfd;
	if (ioctl(c->wq, IDXD_IOC_IRQ_BIND, &bind))
		die("IDXD_IOC_IRQ_BIND");
	c->arm.generation = bind.generation;
	printf("bound handle %u generation %u\n", bind.handle, bind.generation);
}

static void arm(struct copier *c)
{
	c->arm.argsz = sizeof(c->arm);
	if (ioctl(c->wq, IDXD_IOC_IRQ_ARM, &c->arm))
		die("IDXD_IOC_IRQ_ARM");
}

static void wait_for_interrupt(struct copier *c)
{
	struct epoll_event event;
	uint64_t times;
	int n;

	do
		n = epoll_wait(c->epoll, &event, 1, PATIENCE_MS);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		fprintf(stderr, "no interrupt within %d ms\n", PATIENCE_MS);
		exit(1);
	}
	c->wakeups++;
	if (read(c->eventfd, &times, sizeof(times)) != sizeof(times))
		die("read of the eventfd");
}

static uint8_t wait_for_completion(struct copier *c, struct dsa_completion_record *record)
{
	while (!record->status) {
		if (c->poll) {
			__builtin_ia32_pause();
			continue;
		}
		/* First arm, then look: what comes in between is signalled */
		arm(c);
		if (!record->status)
			wait_for_interrupt(c);
	}
	return record->status & STATUS_MASK;
}

/* The device finds no page where the process has not been */
static void touch(struct dsa_completion_record *record)
{
	char *p = (char *)(uintptr_t)record->fault_addr;

	if (record->status & ~STATUS_MASK)
		__atomic_fetch_add(p, 0, __ATOMIC_RELAXED);
	else
		__atomic_load_n(p, __ATOMIC_RELAXED);
}

static void submit(struct copier *c, struct dsa_completion_record *record, void *dst,
		   const void *src, uint32_t bytes)
{
	struct dsa_hw_desc desc = {
		.opcode		= DSA_OPCODE_MEMMOVE,
		.flags		= IDXD_OP_FLAG_CRAV | IDXD_OP_FLAG_RCR,
		.completion_addr = (uintptr_t)record,
		.src_addr	= (uintptr_t)src,
		.dst_addr	= (uintptr_t)dst,
		.xfer_size	= bytes,
	};

	/* The kernel fills in the handle */
	if (!c->poll)
		desc.flags |= IDXD_OP_FLAG_RCI;
	memset(record, 0, sizeof(*record));
	if (write(c->wq, &desc, sizeof(desc)) != sizeof(desc))
		die("write to the work queue");
}

/* Waits for a copy which was submitted, and repeats it until it is done */
static void finish(struct copier *c, struct dsa_completion_record *record, void *dst,
		   const void *src, uint32_t bytes)
{
	uint8_t status;

	for (;;) {
		status = wait_for_completion(c, record);
		if (status == DSA_COMP_SUCCESS)
			return;
		if (status == DSA_COMP_PAGE_FAULT_NOBOF) {
			c->faults++;
			touch(record);
		} else if (status == DSA_COMP_INT_HANDLE_INVAL) {
			/* The handle was revoked, and the kernel has a new one */
			c->renewed++;
		} else {
			fprintf(stderr, "descriptor ended with status %#x\n", status);
			exit(1);
		}
		submit(c, record, dst, src, bytes);
	}
}

/* Several copies of the same, at a time */
static void copy(struct copier *c, char *dst, const char *src, uint32_t bytes, long number)
{
	long i;

	for (i = 0; i < number; i++)
		submit(c, &c->records[i], dst + i * bytes, src, bytes);
	for (i = 0; i < number; i++) {
		finish(c, &c->records[i], dst + i * bytes, src, bytes);
		if (memcmp(dst + i * bytes, src, bytes)) {
			fputs("wrong data\n", stderr);
			exit(1);
		}
	}
}

static long cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000L + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
	struct copier c = { 0 };
	uint32_t bytes = 4096;
	bool wait = false;
	long i, n = 1000, queued = 1, before;
	char *src, *dst, in;
	int opt;

	while ((opt = getopt(argc, argv, "pwn:s:q:")) != -1) {
		switch (opt) {
		case 'p':
			c.poll = true;
			break;
		case 'w':
			wait = true;
			break;
		case 'n':
			n = atol(optarg);
			break;
		case 's':
			bytes = strtoul(optarg, NULL, 0);
			break;
		case 'q':
			queued = atol(optarg);
			break;
		default:
			optind = argc;
		}
	}
	if (optind != argc - 1 || n < 1 || !bytes || queued < 1) {
		fputs("usage: dsa_copy [-p] [-w] [-n COPIES] [-s BYTES] [-q NUMBER] WQ\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);

	c.wq = open(argv[optind], O_RDWR | O_CLOEXEC);
	if (c.wq < 0)
		die(argv[optind]);
	src = malloc(bytes);
	dst = calloc(queued, bytes);
	c.records = aligned_alloc(RECORD_ALIGN, queued * sizeof(*c.records));
	if (!src || !dst || !c.records)
		die("malloc");
	if (!c.poll)
		bind_interrupt(&c);
	while (wait && read(STDIN_FILENO, &in, 1) > 0)
		;

	before = cpu_us();
	for (i = 0; i < n; i += queued) {
		memset(src, 'a' + i / queued % 26, bytes);
		copy(&c, dst, src, bytes, MIN(queued, n - i));
	}
	if (!c.poll)
		arm(&c);
	printf("copies %ld wakeups %lu faults %lu renewed %lu generation %u cpu %ld us\n", n,
	       c.wakeups, c.faults, c.renewed, c.arm.generation, cpu_us() - before);
	return 0;
}
