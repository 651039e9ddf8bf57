// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that calls its host with whatever comes to its mind, from all CPUs at once
 * and with arguments that change meanwhile. When the module is loaded it does so, and
 * gives back what it may have got. The parameters say how often, and what came of it.
 */
#include <linux/completion.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/kvm_para.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>

static unsigned int calls = 25000;
module_param(calls, uint, 0444);
MODULE_PARM_DESC(calls, "Calls of each CPU");

static atomic_t good = ATOMIC_INIT(0), refused = ATOMIC_INIT(0), strange = ATOMIC_INIT(0);

static int get_counter(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read((atomic_t *)kp->arg));
}

static const struct kernel_param_ops counter_ops = {
	.get	= get_counter,
};
module_param_cb(good, &counter_ops, &good, 0444);
module_param_cb(refused, &counter_ops, &refused, 0444);
module_param_cb(strange, &counter_ops, &strange, 0444);

/* All CPUs share these */
#define SHARED	4

static struct kvm_device_msi *shared;

struct hostile {
	struct rnd_state	rnd;
	struct completion	done;
};

static u32 any(struct hostile *h)
{
	return prandom_u32_state(&h->rnd);
}

static u32 below(struct hostile *h, u32 limit)
{
	return any(h) % limit;
}

static u64 wide(struct hostile *h)
{
	return (u64)any(h) << 32 | any(h);
}

static u64 pick_gpa(struct hostile *h, const struct kvm_device_msi *a)
{
	/* Interrupt controllers, firmware, the end of 32 bits, nothing at all */
	static const u64 odd[] = {
		0, 0xa0000, 0xf0000, 0xfec00000, 0xfee00000, 0xfee00fc0, 0xffffffc0, 0x100000000,
		0xb0000000, 0x8000000000000000, 0xffffffffffffffc0,
	};
	u64 good = virt_to_phys(a);

	switch (below(h, 8)) {
	case 0:
		return odd[below(h, ARRAY_SIZE(odd))];
	case 1:
		return good + below(h, KVM_DEVICE_MSI_ALIGN);
	case 2:
		return below(h, 2) ? wide(h) : wide(h) & ~63ull;
	default:
		return good;
	}
}

/* Most members which an operation does not take are zero, or all calls would be refused */
static void scribble(struct hostile *h, struct kvm_device_msi *a, u64 op)
{
	bool all = !below(h, 8);

	a->version = below(h, 16) ? KVM_DEVICE_MSI_VERSION : any(h);
	a->size = below(h, 16) ? sizeof(*a) : any(h);
	a->device = below(h, 8) ? below(h, 8) << 3 : any(h);
	a->handle = below(h, 8) ? below(h, 64) : any(h);
	a->address = below(h, 8) ? 0xfee00000 | below(h, 1 << 20) : wide(h);
	a->data = below(h, 8) ? 0x20 + below(h, 0xd0) : any(h);
	a->flags = below(h, 16) ? 0 : any(h);
	a->reserved[below(h, 4)] = below(h, 16) ? 0 : wide(h);
	if (!all && (op < KVM_DEVICE_MSI_QUERY || op == KVM_DEVICE_MSI_NOTIFY))
		a->device = 0;
	if (!all && (op < KVM_DEVICE_MSI_READ || op == KVM_DEVICE_MSI_NOTIFY))
		a->handle = 0;
	if (!all && op != KVM_DEVICE_MSI_RETARGET && op != KVM_DEVICE_MSI_NOTIFY)
		a->address = a->data = 0;
}

static void call(struct hostile *h)
{
	/* All but the two which end everything come more often */
	u64 op = below(h, 32) ? 2 + below(h, 6) : below(h, 2) ? below(h, 12) : wide(h);
	struct kvm_device_msi *a = shared + below(h, SHARED);
	long ret;

	scribble(h, a, op);
	ret = kvm_hypercall2(KVM_HC_DEVICE_MSI, op, pick_gpa(h, a));
	if (!ret)
		atomic_inc(&good);
	else if (ret == -KVM_ENOSYS || ret == -EINVAL || ret == -ENODEV || ret == -ENOSPC)
		atomic_inc(&refused);
	else
		atomic_inc(&strange);
}

static int hostile_thread(void *data)
{
	struct hostile *h = data;
	unsigned int i;

	for (i = 0; i < calls; i++) {
		call(h);
		cond_resched();
	}
	complete(&h->done);
	return 0;
}

static void run(struct hostile *all)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct task_struct *task;

		prandom_seed_state(&all[cpu].rnd, 4711 + cpu);
		init_completion(&all[cpu].done);
		task = kthread_run_on_cpu(hostile_thread, all + cpu, cpu, "hostile/%u");
		if (IS_ERR(task))
			complete(&all[cpu].done);
	}
	for_each_online_cpu(cpu)
		wait_for_completion(&all[cpu].done);
}

static int __init hostile_init(void)
{
	struct hostile *all = kcalloc(nr_cpu_ids, sizeof(*all), GFP_KERNEL);

	shared = kcalloc(SHARED, sizeof(*shared), GFP_KERNEL);
	if (all && shared) {
		run(all);
		memset(shared, 0, sizeof(*shared));
		shared->version = KVM_DEVICE_MSI_VERSION;
		shared->size = sizeof(*shared);
		kvm_hypercall2(KVM_HC_DEVICE_MSI, KVM_DEVICE_MSI_BYE, virt_to_phys(shared));
	}
	kfree(shared);
	kfree(all);
	return all ? 0 : -ENOMEM;
}
module_init(hostile_init);

static void __exit hostile_exit(void)
{
}
module_exit(hostile_exit);

MODULE_DESCRIPTION("A guest that calls its host at random");
MODULE_LICENSE("GPL");
