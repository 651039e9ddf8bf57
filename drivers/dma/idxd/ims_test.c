// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the Interrupt Message Store (IMS) of Intel data accelerators
 *
 * The device exists in memory only. What the core does with a slot is the matter of
 * its own tests, here it is what the driver tells the core.
 */
#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/irqdomain_ims.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "idxd.h"
#include "registers.h"

#define IDXD_TEST_OFFSET	0x2000

/* The control word of a slot, written out here once more */
#define IDXD_TEST_PASID_EN	BIT(3)
#define IDXD_TEST_PASID_SHIFT	12

/* A WQ of an enabled device which may use IMS */
static struct idxd_wq *idxd_ims_test_wq(struct kunit *test)
{
	struct idxd_device *idxd = kunit_kzalloc(test, sizeof(*idxd), GFP_KERNEL);
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);
	struct idxd_wq *wq = kunit_kzalloc(test, sizeof(*wq), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, idxd);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	KUNIT_ASSERT_NOT_NULL(test, wq);

	pdev->dev.init_name = "idxd-test";
	idxd->pdev = pdev;
	idxd->state = IDXD_DEV_ENABLED;
	idxd->ims_offset = IDXD_TEST_OFFSET;
	wq->idxd = idxd;
	wq->type = IDXD_WQT_KERNEL;
	wq->ie.vector = -1;
	wq->ie.pasid = IOMMU_PASID_INVALID;
	mutex_init(&wq->wq_lock);
	return wq;
}

static struct ims_store idxd_ims_test_store(struct kunit *test, unsigned int mult)
{
	struct idxd_device *idxd = idxd_ims_test_wq(test)->idxd;
	struct ims_store store;

	idxd->reg_base = (void __iomem *)SZ_64K;
	idxd->hw.gen_cap.max_ims_mult = mult;
	idxd_ims_describe(idxd, &store);
	return store;
}

static void idxd_ims_test_table(struct kunit *test)
{
	static const struct {
		u32		offset;
		u32		slots;
		resource_size_t	bar_len;
		bool		good;
	} cases[] = {
		{ 0x2000,	256,	SZ_64K,		true },
		/* Up to the last byte of the BAR and one beyond */
		{ 0xf000,	256,	SZ_64K,		true },
		{ 0xf100,	256,	SZ_64K,		false },
		{ 0xf000,	256,	SZ_64K - 1,	false },
		{ 0x10000,	256,	SZ_64K,		false },
		/* The largest values that the registers can hold */
		{ 0xffff00,	16128,	SZ_64K,		false },
		{ 0xffff00,	16128,	SZ_32M,		true },
		{ 0,		256,	SZ_64K,		false },
		{ 0x2000,	0,	SZ_64K,		false },
		{ 0x2000,	256,	0,		false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *error = idxd_ims_table_error(cases[i].offset, cases[i].slots,
							 cases[i].bar_len);

		KUNIT_EXPECT_EQ_MSG(test, !error, cases[i].good, "case %u: %s", i, error);
	}
}

static void idxd_ims_test_layout(struct kunit *test)
{
	struct ims_store store = idxd_ims_test_store(test, 2);

	KUNIT_EXPECT_EQ(test, store.kind, IMS_STORE_DEVICE_MEMORY);
	KUNIT_EXPECT_EQ(test, store.size, 512);
	KUNIT_EXPECT_EQ(test, store.slots.stride, 16);
	KUNIT_EXPECT_EQ(test, (__force unsigned long)store.slots.base,
			SZ_64K + IDXD_TEST_OFFSET);
	/* Else the core would not take the ready-made layout */
	KUNIT_EXPECT_NULL(test, store.device_ops);
	KUNIT_EXPECT_NULL(test, store.queue_ops);
}

static void idxd_ims_test_size(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, idxd_ims_test_store(test, 0).size, 0);
	KUNIT_EXPECT_EQ(test, idxd_ims_test_store(test, 1).size, 256);
	KUNIT_EXPECT_EQ(test, idxd_ims_test_store(test, 63).size, 16128);
}

static u32 idxd_ims_test_control(struct kunit *test, ioasid_t pasid)
{
	const union msi_instance_cookie cookie = { .value = pasid };
	struct ims_store store = idxd_ims_test_store(test, 1);

	KUNIT_ASSERT_NOT_NULL(test, store.slots.control);
	return store.slots.control(cookie);
}

static void idxd_ims_test_pasid(struct kunit *test)
{
	static const ioasid_t pasids[] = { 0, 1, 0x800, 0x12345, 0xfffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pasids); i++)
		KUNIT_EXPECT_EQ(test, idxd_ims_test_control(test, pasids[i]),
				pasids[i] << IDXD_TEST_PASID_SHIFT | IDXD_TEST_PASID_EN);
}

static void idxd_ims_test_no_pasid(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, idxd_ims_test_control(test, IOMMU_PASID_INVALID), 0);
}

/* The pages of a WQ: unlimited and limited for MSI-X, then the same two for IMS */
static void idxd_ims_test_portal(struct kunit *test)
{
	int msix = idxd_get_wq_portal_full_offset(3, IDXD_PORTAL_LIMITED, IDXD_IRQ_MSIX);
	int ims = idxd_get_wq_portal_full_offset(3, IDXD_PORTAL_LIMITED, IDXD_IRQ_IMS);

	KUNIT_EXPECT_EQ(test, msix, 3 * 0x4000 + 0x1000);
	KUNIT_EXPECT_EQ(test, ims, 3 * 0x4000 + 0x3000);
}

static void idxd_ims_test_choice(struct kunit *test)
{
	struct idxd_wq *wq = idxd_ims_test_wq(test);

	KUNIT_EXPECT_STREQ(test, idxd_wq_get_interrupt(wq), "msix");
	KUNIT_EXPECT_EQ(test, idxd_wq_set_interrupt(wq, "ims\n"), 0);
	KUNIT_EXPECT_STREQ(test, idxd_wq_get_interrupt(wq), "ims");
	KUNIT_EXPECT_EQ(test, idxd_wq_set_interrupt(wq, "msix"), 0);
	KUNIT_EXPECT_STREQ(test, idxd_wq_get_interrupt(wq), "msix");
	/* Other flags of the WQ have nothing to do with it */
	KUNIT_EXPECT_EQ(test, wq->flags, 0);
}

static void idxd_ims_test_bad_choice(struct kunit *test)
{
	static const char * const names[] = { "", "\n", "IMS", "im", "imsx", "ims ", "1", "none" };
	struct idxd_wq *wq = idxd_ims_test_wq(test);
	unsigned int i;

	idxd_wq_set_interrupt(wq, "ims");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_EQ_MSG(test, idxd_wq_set_interrupt(wq, names[i]), -EINVAL,
				    "'%s'", names[i]);
	KUNIT_EXPECT_STREQ(test, idxd_wq_get_interrupt(wq), "ims");
}

static void idxd_ims_test_choice_when_enabled(struct kunit *test)
{
	struct idxd_wq *wq = idxd_ims_test_wq(test);

	wq->state = IDXD_WQ_ENABLED;
	KUNIT_EXPECT_EQ(test, idxd_wq_set_interrupt(wq, "ims"), -EPERM);
	KUNIT_EXPECT_EQ(test, idxd_wq_set_interrupt(wq, "msix"), -EPERM);
	KUNIT_EXPECT_STREQ(test, idxd_wq_get_interrupt(wq), "msix");
}

static void idxd_ims_test_unavailable(struct kunit *test)
{
	struct idxd_wq *wq = idxd_ims_test_wq(test);

	wq->idxd->ims_unavail = "test";
	KUNIT_EXPECT_EQ(test, idxd_wq_set_interrupt(wq, "ims"), -EOPNOTSUPP);
	KUNIT_EXPECT_STREQ(test, idxd_wq_get_interrupt(wq), "msix");
	KUNIT_EXPECT_EQ(test, idxd_wq_set_interrupt(wq, "msix"), 0);
}

/* Both the choice that has become invalid and the core which has nothing to give */
static void idxd_ims_test_alloc_fails(struct kunit *test)
{
	struct idxd_wq *wq = idxd_ims_test_wq(test);

	KUNIT_ASSERT_EQ(test, idxd_wq_set_interrupt(wq, "ims"), 0);

	guard(mutex)(&wq->wq_lock);
	KUNIT_EXPECT_LT(test, idxd_ims_alloc_vector(wq->idxd, &wq->ie), 0);
	wq->idxd->ims_unavail = "test";
	KUNIT_EXPECT_EQ(test, idxd_ims_alloc_vector(wq->idxd, &wq->ie), -EOPNOTSUPP);

	KUNIT_EXPECT_EQ(test, wq->ie.type, IDXD_IRQ_MSIX);
	KUNIT_EXPECT_EQ(test, wq->ie.vector, -1);
	KUNIT_EXPECT_STREQ(test, idxd_wq_get_interrupt(wq), "ims");
}

/* Nobody would handle the interrupt, so the WQ is not even touched */
static void idxd_ims_test_no_type(struct kunit *test)
{
	struct idxd_wq *wq = idxd_ims_test_wq(test);

	wq->group = kunit_kzalloc(test, sizeof(*wq->group), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, wq->group);
	wq->type = IDXD_WQT_NONE;
	strscpy(wq->name, "test");
	KUNIT_ASSERT_EQ(test, idxd_wq_set_interrupt(wq, "ims"), 0);

	guard(mutex)(&wq->wq_lock);
	KUNIT_EXPECT_EQ(test, idxd_drv_enable_wq(wq), -EINVAL);
	KUNIT_EXPECT_EQ(test, wq->idxd->cmd_status, IDXD_SCMD_WQ_IRQ_ERR);
	KUNIT_EXPECT_EQ(test, wq->state, IDXD_WQ_DISABLED);
	KUNIT_EXPECT_STREQ(test, wq->name, "test");
}

/* What a process writes into the descriptor does not count */
static void idxd_ims_test_user_handle(struct kunit *test)
{
	struct dsa_hw_desc desc = { .int_handle = 0x1234 };
	struct idxd_user_irq *ui = kunit_kzalloc(test, sizeof(*ui), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ui);
	mutex_init(&ui->lock);
	ui->ie.int_handle = INVALID_INT_HANDLE;

	guard(mutex)(&ui->lock);
	KUNIT_EXPECT_EQ(test, idxd_user_irq_fill(ui, &desc), 0);
	desc.flags = IDXD_OP_FLAG_RCI;
	KUNIT_EXPECT_EQ(test, idxd_user_irq_fill(ui, &desc), -EINVAL);
	KUNIT_EXPECT_EQ(test, desc.int_handle, 0x1234);

	ui->ie.int_handle = 0x8001;
	KUNIT_EXPECT_EQ(test, idxd_user_irq_fill(ui, &desc), 0);
	KUNIT_EXPECT_EQ(test, desc.int_handle, 0x8001);

	ui->gone = true;
	KUNIT_EXPECT_EQ(test, idxd_user_irq_fill(ui, &desc), -ENODEV);
	desc.flags = 0;
	KUNIT_EXPECT_EQ(test, idxd_user_irq_fill(ui, &desc), -ENODEV);
}

static struct kunit_case idxd_ims_test_cases[] = {
	KUNIT_CASE(idxd_ims_test_table),
	KUNIT_CASE(idxd_ims_test_layout),
	KUNIT_CASE(idxd_ims_test_size),
	KUNIT_CASE(idxd_ims_test_pasid),
	KUNIT_CASE(idxd_ims_test_no_pasid),
	KUNIT_CASE(idxd_ims_test_portal),
	KUNIT_CASE(idxd_ims_test_choice),
	KUNIT_CASE(idxd_ims_test_bad_choice),
	KUNIT_CASE(idxd_ims_test_choice_when_enabled),
	KUNIT_CASE(idxd_ims_test_unavailable),
	KUNIT_CASE(idxd_ims_test_alloc_fails),
	KUNIT_CASE(idxd_ims_test_no_type),
	KUNIT_CASE(idxd_ims_test_user_handle),
	{}
};

static struct kunit_suite idxd_ims_test_suite = {
	.name		= "idxd_ims",
	.test_cases	= idxd_ims_test_cases,
};

kunit_test_suite(idxd_ims_test_suite);
