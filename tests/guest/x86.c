// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions of x86: MOVDIR64B as the emulator does it, what it copies, which
 * addresses it uses, and what it refuses, and VMMCALL in user space.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <cpuid.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#define PAGE	4096UL
#define LINE	64

/* The hypercall and an operation which is harmless */
#define HC_DEVICE_MSI	13
#define OP_QUERY	2

/* movdir64b (%rdx), %rax with what precedes it */
#define OPCODE	"0x66, 0x0f, 0x38, 0xf8, "
#define INSN(name, bytes)						\
	static void name(unsigned long dst, unsigned long src)		\
	{								\
		asm volatile(".byte " bytes				\
			     : : "a"(dst), "d"(src) : "memory");	\
	}

INSN(plain, OPCODE "0x02")
INSN(with_gs, "0x65, " OPCODE "0x02")
INSN(addr32, "0x67, " OPCODE "0x02")
INSN(with_lock, "0xf0, " OPCODE "0x02")
INSN(from_register, OPCODE "0xc2")
INSN(enqcmd, "0xf2, 0x0f, 0x38, 0xf8, 0x02")
INSN(enqcmds, "0xf3, 0x0f, 0x38, 0xf8, 0x02")
INSN(no_prefix, "0x0f, 0x38, 0xf8, 0x02")

static unsigned char *from, *to;
static sigjmp_buf back;

static void caught(int sig)
{
	siglongjmp(back, sig);
}

/* Returns the signal that the instruction led to, or 0. */
static int try(void (*insn)(unsigned long, unsigned long), const void *dst, const void *src)
{
	struct sigaction sa = { .sa_handler = caught, .sa_flags = SA_NODEFER };
	int sig;

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	memset(to, 0xee, PAGE);
	sig = sigsetjmp(back, 0);
	if (!sig)
		insn((unsigned long)dst, (unsigned long)src);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	return sig;
}

/* 64 bytes of @src are at to + @at, and nothing else has changed. */
static bool copied(size_t at, const unsigned char *src)
{
	size_t i;

	for (i = 0; i < PAGE; i++)
		if (to[i] != (i - at < LINE ? src[i - at] : 0xee))
			return false;
	return true;
}

static bool untouched(void)
{
	return copied(PAGE, from);
}

/* Two pages, the second of which cannot be read, and one more. */
static bool set_up(void)
{
	unsigned char *map = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	size_t i;

	if (map == MAP_FAILED)
		return false;
	from = map;
	to = map + 2 * PAGE;
	for (i = 0; i < PAGE; i++)
		from[i] = i * 7 + 1;
	return !mprotect(map + PAGE, PAGE, PROT_NONE);
}

static bool announced(void)
{
	unsigned int a, b, c = 0, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && c >> 28 & 1;
}

static void check_copies(void)
{
	const unsigned char *odd = from + 61;
	const unsigned long high = 0xabcdUL << 32;

	check(!try(plain, to + 128, odd) && copied(128, odd), NULL,
	      "64 bytes arrive from an odd address, nothing else changes");
	check(!try(plain, to + PAGE - LINE, from + PAGE - LINE) &&
	      copied(PAGE - LINE, from + PAGE - LINE), NULL, "the last 64 bytes of two pages");
	check(!try(addr32, to + high, odd + high) && copied(0, odd), NULL,
	      "32 bit addresses ignore what is above");
	syscall(SYS_arch_prctl, ARCH_SET_GS, 256);
	check(!try(with_gs, to, odd - 256) && copied(0, odd), NULL,
	      "a segment prefix goes for the source only");
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0);
}

static void check_faults(void)
{
	static const int skew[] = { 1, 8, 16, 32, 63 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(skew); i++)
		check(try(plain, to + skew[i], from) == SIGSEGV && untouched(), NULL,
		      "a destination with %d bytes too many is refused", skew[i]);
	check(try(plain, to, from + PAGE - LINE + 8) == SIGSEGV && untouched(), NULL,
	      "a source that ends on a page without access leaves nothing behind");
	check(try(plain, from + PAGE, from) == SIGSEGV, NULL,
	      "a destination without access is refused");
}

static void check_invalid(void)
{
	check(try(from_register, to, from) == SIGILL && untouched(), NULL,
	      "a register as source is invalid");
	check(try(with_lock, to, from) == SIGILL && untouched(), NULL,
	      "a lock prefix is invalid");
	check(try(enqcmd, to, from) == SIGILL && untouched(), NULL, "ENQCMD is invalid");
	check(try(enqcmds, to, from) == SIGILL && untouched(), NULL, "ENQCMDS is invalid");
	check(try(no_prefix, to, from) == SIGILL && untouched(), NULL,
	      "the opcode without its prefix is invalid");
}

void step_movdir64b(const char *arg)
{
	if (!check(set_up(), NULL, "memory is mapped"))
		return;
	if (arg && !strcmp(arg, "off")) {
		check(!announced(), NULL, "CPUID does not announce MOVDIR64B");
		check(try(plain, to, from) == SIGILL && untouched(), NULL,
		      "MOVDIR64B is invalid if switched off");
		return;
	}
	check(announced(), NULL, "CPUID announces MOVDIR64B");
	check_copies();
	check_faults();
	check_invalid();
}

/* User space is turned away, whatever it asks for */
void step_host_user(const char *arg)
{
	long ret = HC_DEVICE_MSI;

	(void)arg;
	__asm__ volatile("vmmcall" : "+a"(ret) : "b"((long)OP_QUERY), "c"(0L) : "memory");
	check(ret == -EPERM, txt("%ld", ret), "a call of user space gives EPERM");
}
