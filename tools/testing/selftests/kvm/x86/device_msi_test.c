// SPDX-License-Identifier: GPL-2.0
/*
 * Test of KVM_HC_DEVICE_MSI: which calls userspace gets to see, and what the guest
 * is told about those that it does not.
 */
#include <asm/kvm_para.h>
#include <linux/kvm_para.h>
#include <stdint.h>
#include <string.h>

#include "test_util.h"
#include "kvm_util.h"
#include "processor.h"

#define X86_FEATURE_KVM_DEVICE_MSI	KVM_X86_CPU_FEATURE(0x40000001, 0, EAX, 18)

/* Where the guest has memory that it cannot write, and where it has none */
#define READONLY_GPA		0xc0000000ul
#define READONLY_SLOT		10
#define NOWHERE_GPA		0xd0000000ul

/* What the test returns to the guest, an error of the VMM among it */
#define ANSWER			0x1234
#define ANSWER_ERROR		(-(int64_t)KVM_E2BIG)

static struct kvm_device_msi args __aligned(KVM_DEVICE_MSI_ALIGN);

/* Set by the test */
static uint64_t args_gpa;

/* What an operation takes */
#define DEVICE		BIT(0)
#define HANDLE		BIT(1)
#define ADDRESS		BIT(2)
#define DATA		BIT(3)
#define ALL		(DEVICE | HANDLE | ADDRESS | DATA)

static const uint8_t takes[KVM_DEVICE_MSI_OPS] = {
	[KVM_DEVICE_MSI_QUERY]		= DEVICE,
	[KVM_DEVICE_MSI_ALLOC]		= DEVICE,
	[KVM_DEVICE_MSI_READ]		= DEVICE | HANDLE,
	[KVM_DEVICE_MSI_RETARGET]	= ALL,
	[KVM_DEVICE_MSI_FREE]		= DEVICE | HANDLE,
	[KVM_DEVICE_MSI_NOTIFY]		= ADDRESS | DATA,
};

static uint64_t call(uint64_t op, uint64_t gpa)
{
	return kvm_hypercall(KVM_HC_DEVICE_MSI, op, gpa, 0, 0);
}

static void fill_members(unsigned int members)
{
	memset(&args, 0, sizeof(args));
	args.version = KVM_DEVICE_MSI_VERSION;
	args.size = sizeof(args);
	args.device = members & DEVICE ? 1 : 0;
	args.handle = members & HANDLE ? 2 : 0;
	args.address = members & ADDRESS ? 1ull << 63 : 0;
	args.data = members & DATA ? 1 : 0;
}

static void fill(void)
{
	fill_members(0);
}

/* Each operation gets to userspace, and the answer gets back */
static void guest_good(void)
{
	uint64_t op;

	for (op = 0; op < KVM_DEVICE_MSI_OPS; op++) {
		fill_members(takes[op]);
		GUEST_ASSERT_EQ(call(op, args_gpa), 0);
		GUEST_ASSERT_EQ(args.data, ANSWER + op);
	}
	GUEST_DONE();
}

static void guest_error(void)
{
	fill();
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, args_gpa), (uint64_t)ANSWER_ERROR);
	GUEST_DONE();
}

/* What is wrong in form is answered by KVM: an exit would end the test */
static void guest_bad(void)
{
	const uint64_t einval = -(int64_t)KVM_EINVAL, enosys = -(int64_t)KVM_ENOSYS;
	unsigned int i, op;

	fill();
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_OPS, args_gpa), enosys);
	GUEST_ASSERT_EQ(call(-1ull, args_gpa), enosys);
	GUEST_ASSERT_EQ(call(1ull << 32, args_gpa), enosys);

	for (i = 1; i < KVM_DEVICE_MSI_ALIGN; i <<= 1)
		GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, args_gpa + i), einval);
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, NOWHERE_GPA), einval);
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, READONLY_GPA), einval);
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, -64ull), einval);
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, args_gpa | 1ull << 63), einval);

	args.version++;
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, args_gpa), einval);
	fill();
	args.version = 0;
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, args_gpa), einval);
	fill();
	args.size--;
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, args_gpa), einval);
	fill();
	args.size = 4096;
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, args_gpa), einval);
	fill();
	args.flags = 1;
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, args_gpa), einval);
	for (i = 0; i < ARRAY_SIZE(args.reserved); i++) {
		fill();
		args.reserved[i] = 1ull << 63;
		GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, args_gpa), einval);
	}
	for (op = 0; op < KVM_DEVICE_MSI_OPS; op++) {
		for (i = DEVICE; i <= DATA; i <<= 1) {
			fill_members(takes[op] | i);
			if (!(takes[op] & i))
				GUEST_ASSERT_EQ(call(op, args_gpa), einval);
		}
	}
	GUEST_DONE();
}

static void guest_not_offered(void)
{
	fill();
	GUEST_ASSERT_EQ(call(KVM_DEVICE_MSI_HELLO, args_gpa), (uint64_t)-(int64_t)KVM_ENOSYS);
	GUEST_DONE();
}

static struct kvm_vm *create(struct kvm_vcpu **vcpu, void *code, bool enable)
{
	struct kvm_vm *vm = vm_create_with_one_vcpu(vcpu, code);

	if (enable)
		vm_enable_cap(vm, KVM_CAP_EXIT_HYPERCALL, BIT(KVM_HC_DEVICE_MSI));
	vcpu_set_cpuid_feature(*vcpu, X86_FEATURE_KVM_DEVICE_MSI);
	vm_userspace_mem_region_add(vm, VM_MEM_SRC_ANONYMOUS, READONLY_GPA, READONLY_SLOT, 1,
				    KVM_MEM_READONLY);
	memcpy(addr_gpa2hva(vm, READONLY_GPA),
	       &(struct kvm_device_msi){ .version = KVM_DEVICE_MSI_VERSION,
					 .size = sizeof(struct kvm_device_msi) }, 8);
	args_gpa = addr_gva2gpa(vm, (uintptr_t)&args);
	sync_global_to_guest(vm, args_gpa);
	return vm;
}

/* Returns whether the guest is done, else it has made a call */
static bool run(struct kvm_vcpu *vcpu)
{
	struct ucall uc;

	vcpu_run(vcpu);
	if (vcpu->run->exit_reason == KVM_EXIT_HYPERCALL)
		return false;

	TEST_ASSERT_KVM_EXIT_REASON(vcpu, KVM_EXIT_IO);
	switch (get_ucall(vcpu, &uc)) {
	case UCALL_ABORT:
		REPORT_GUEST_ASSERT(uc);
		return true;
	case UCALL_DONE:
		return true;
	default:
		TEST_FAIL("Unexpected ucall %lu", (unsigned long)uc.cmd);
		return true;
	}
}

static void test_good(void)
{
	struct kvm_device_msi *shared;
	struct kvm_vcpu *vcpu;
	struct kvm_vm *vm = create(&vcpu, guest_good, true);
	struct kvm_run *kvm_run = vcpu->run;
	unsigned int calls;

	shared = addr_gpa2hva(vm, args_gpa);
	for (calls = 0; !run(vcpu); calls++) {
		TEST_ASSERT_EQ(kvm_run->hypercall.nr, KVM_HC_DEVICE_MSI);
		TEST_ASSERT_EQ(kvm_run->hypercall.args[0], calls);
		TEST_ASSERT_EQ(kvm_run->hypercall.args[1], args_gpa);
		TEST_ASSERT_EQ(kvm_run->hypercall.flags, KVM_EXIT_HYPERCALL_LONG_MODE);
		TEST_ASSERT_EQ(kvm_run->hypercall.ret, 0);
		TEST_ASSERT_EQ(shared->device, !!(takes[calls] & DEVICE));
		shared->data = ANSWER + calls;
	}
	TEST_ASSERT_EQ(calls, KVM_DEVICE_MSI_OPS);
	kvm_vm_free(vm);
}

static void test_error(void)
{
	struct kvm_vcpu *vcpu;
	struct kvm_vm *vm = create(&vcpu, guest_error, true);

	TEST_ASSERT(!run(vcpu), "The call did not exit");
	vcpu->run->hypercall.ret = ANSWER_ERROR;
	TEST_ASSERT(run(vcpu), "Unexpected second call");
	kvm_vm_free(vm);
}

static void test_silent(void *code, bool enable, bool clear)
{
	struct kvm_vcpu *vcpu;
	struct kvm_vm *vm = create(&vcpu, code, enable);

	if (clear) {
		vcpu_enable_cap(vcpu, KVM_CAP_ENFORCE_PV_FEATURE_CPUID, 1);
		vcpu_clear_cpuid_feature(vcpu, X86_FEATURE_KVM_DEVICE_MSI);
	}
	TEST_ASSERT(run(vcpu), "The call exits: operation %llu at %llx",
		    (unsigned long long)vcpu->run->hypercall.args[0],
		    (unsigned long long)vcpu->run->hypercall.args[1]);
	kvm_vm_free(vm);
}

int main(void)
{
	TEST_REQUIRE(kvm_check_cap(KVM_CAP_EXIT_HYPERCALL) & BIT(KVM_HC_DEVICE_MSI));

	test_good();
	test_error();
	test_silent(guest_bad, true, false);
	/* Not enabled by userspace; enabled and taken out of the CPUID */
	test_silent(guest_not_offered, false, false);
	test_silent(guest_not_offered, true, true);
	return 0;
}
