/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hypervisor which does nothing but start Linux at EL1 and answer a few calls, for the one CPU of
 * an arm64 guest. It is an Image of its own, with that of the kernel 2 MiB behind it, as QEMU expects one.
 * ANSWER is what it says of itself: NONE, OTHER, KVM or PROTECTED.
 */
#define NONE		0
#define OTHER		1
#define KVM		2
#define PROTECTED	3

#define SMCCC_VERSION	0x80000000
#define PSCI_FEATURES	0x8400000a
#define VENDOR_UID	0x8600ff01
#define KVM_FEATURES	0x86000000

	.section .text
	.arch	armv8.2-a
image:
	/* Documentation/arch/arm64/booting.rst. The size is more than any kernel has. */
	b	start
	.word	0
	.quad	0
	.quad	0x8000000
	.quad	2
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0

/* x0 is the address of the device tree, of which QEMU says that PSCI takes "smc" */
start:
	ldr	w1, [x0, #4]
	rev	w1, w1
	add	x1, x0, x1
	ldr	w2, =0x00636d73
	ldr	w3, =0x00637668
	mov	x4, x0
1:	ldr	w5, [x4]
	cmp	w5, w2
	b.ne	2f
	str	w3, [x4]
2:	add	x4, x4, #4
	cmp	x4, x1
	b.lo	1b

	/* What Linux does itself when it is entered at EL2: no traps, clocks and GIC for EL1 */
	adr	x1, vectors
	msr	vbar_el2, x1
	mov	x1, #(1 << 31)
	msr	hcr_el2, x1
	mov	x1, #3
	msr	cnthctl_el2, x1
	msr	cntvoff_el2, xzr
	mov	x1, #0x33ff
	msr	cptr_el2, x1
	msr	hstr_el2, xzr
	mrs	x1, pmcr_el0
	ubfx	x1, x1, #11, #5
	msr	mdcr_el2, x1
	mrs	x1, midr_el1
	msr	vpidr_el2, x1
	mrs	x1, mpidr_el1
	msr	vmpidr_el2, x1
	/* ICC_SRE_EL2 and ICH_HCR_EL2 */
	mrs	x1, s3_4_c12_c9_5
	orr	x1, x1, #0xf
	msr	s3_4_c12_c9_5, x1
	isb
	msr	s3_4_c12_c11_0, xzr

	ldr	x1, =0x30d00800
	msr	sctlr_el1, x1
	mov	x1, #0x3c5
	msr	spsr_el2, x1
	adr	x1, image
	add	x1, x1, #0x200000
	msr	elr_el2, x1
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	isb
	eret

/* Arm DEN0028. PSCI is left to the firmware, what is not known is not supported. */
call:
	msr	tpidr_el2, x9
	ldr	w9, =SMCCC_VERSION
	cmp	w0, w9
	b.eq	version
	ldr	w9, =PSCI_FEATURES
	cmp	w0, w9
	b.ne	1f
	ldr	w9, =SMCCC_VERSION
	cmp	w1, w9
	b.ne	1f
	mov	x0, xzr
	b	return
1:
#if ANSWER != NONE
	ldr	w9, =VENDOR_UID
	cmp	w0, w9
	b.eq	uid
#endif
#if ANSWER == KVM || ANSWER == PROTECTED
	ldr	w9, =KVM_FEATURES
	cmp	w0, w9
	b.eq	features
#endif
	lsr	w9, w0, #24
	bic	w9, w9, #0x40
	cmp	w9, #0x84
	b.eq	firmware
	mov	x0, #-1
	b	return
firmware:
	mrs	x9, tpidr_el2
	smc	#0
	eret
version:
	ldr	w0, =0x10001
return:
	mrs	x9, tpidr_el2
	eret
uid:
#if ANSWER == OTHER
	ldr	w0, =0x12345678
	mov	w1, w0
	mov	w2, w0
	mov	w3, w0
#else
	ldr	w0, =0xb66fb428
	ldr	w1, =0xe911c52e
	ldr	w2, =0x564bcaa9
	ldr	w3, =0x743a004d
#endif
	b	return
features:
	/* Itself, and for one which is protected the sharing of memory */
	mov	x0, #(1 | (ANSWER == PROTECTED) << 3)
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	b	return

	.ltorg
	/* A guest which does anything else hangs, and is ended for that */
	.balign	0x800
vectors:
	.rept	8
	b	.
	.balign	0x80
	.endr
	b	call
	.balign	0x80
	.rept	7
	b	.
	.balign	0x80
	.endr

	.balign	0x200000
