// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the platform check of the Interrupt Message Store (IMS)
 *
 * The expected verdicts are written out, see the table in
 * Documentation/PCI/ims.rst. Nothing here is derived from the code under test.
 */
#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/irqdomain.h>
#include <linux/irqdomain_ims.h>
#include <linux/msi.h>

#define YES(why)	{ .allowed = true, .reason = IMS_REASON_##why, }
#define NO(why)		{ .allowed = false, .reason = IMS_REASON_##why, }

#define DEVICE		IMS_STORE_DEVICE_MEMORY
#define QUEUE		IMS_STORE_QUEUE_MEMORY
#define HANDED		IMS_STORE_HANDED_OUT
/* Handed out, and the MSI of the device is not isolated */
#define SHARED		IMS_STORE_KINDS

/* What speaks of a guest: nothing, an IOMMU and nothing else, anything else */
enum ims_policy_guest { BARE, VIOMMU, GUEST };

/**
 * struct ims_policy_row - What is expected where IMS is not ruled out upfront
 * @guest:	What speaks of a guest
 * @parent:	The MSI parent domain
 * @kind:	The kind of store, or SHARED
 * @autom:	Verdict with ims=auto
 * @on:		Verdict with ims=on
 */
struct ims_policy_row {
	enum ims_policy_guest	guest;
	enum ims_parent		parent;
	enum ims_store_kind	kind;
	struct ims_verdict	autom;
	struct ims_verdict	on;
};

static const struct ims_policy_row ims_policy_rows[] = {
	/* The host hands out the messages, whatever speaks of a guest. No further, though. */
	{ BARE, IMS_PARENT_TRANSLATED, DEVICE, YES(TRANSLATED), YES(TRANSLATED) },
	{ BARE, IMS_PARENT_TRANSLATED, QUEUE, YES(TRANSLATED), YES(TRANSLATED) },
	{ BARE, IMS_PARENT_TRANSLATED, HANDED, NO(REPLACED), NO(REPLACED) },
	{ BARE, IMS_PARENT_TRANSLATED, SHARED, NO(REPLACED), NO(REPLACED) },
	{ VIOMMU, IMS_PARENT_TRANSLATED, DEVICE, YES(TRANSLATED), YES(TRANSLATED) },
	{ VIOMMU, IMS_PARENT_TRANSLATED, QUEUE, YES(TRANSLATED), YES(TRANSLATED) },
	{ VIOMMU, IMS_PARENT_TRANSLATED, HANDED, NO(REPLACED), NO(REPLACED) },
	{ VIOMMU, IMS_PARENT_TRANSLATED, SHARED, NO(REPLACED), NO(REPLACED) },
	{ GUEST, IMS_PARENT_TRANSLATED, DEVICE, YES(TRANSLATED), YES(TRANSLATED) },
	{ GUEST, IMS_PARENT_TRANSLATED, QUEUE, YES(TRANSLATED), YES(TRANSLATED) },
	{ GUEST, IMS_PARENT_TRANSLATED, HANDED, NO(REPLACED), NO(REPLACED) },
	{ GUEST, IMS_PARENT_TRANSLATED, SHARED, NO(REPLACED), NO(REPLACED) },

	/* Bare metal, immutable messages */
	{ BARE, IMS_PARENT_IMMUTABLE, DEVICE, YES(BARE_IMMUTABLE), YES(BARE_IMMUTABLE) },
	{ BARE, IMS_PARENT_IMMUTABLE, QUEUE, YES(BARE_IMMUTABLE), YES(BARE_IMMUTABLE) },
	{ BARE, IMS_PARENT_IMMUTABLE, HANDED, YES(BARE_IMMUTABLE), YES(BARE_IMMUTABLE) },
	{ BARE, IMS_PARENT_IMMUTABLE, SHARED, NO(NOT_ISOLATED), NO(NOT_ISOLATED) },

	/* Bare metal, rewritten messages. Queue memory cannot follow, nor can a peer. */
	{ BARE, IMS_PARENT_REWRITES, DEVICE, YES(BARE_REWRITES), YES(BARE_REWRITES) },
	{ BARE, IMS_PARENT_REWRITES, QUEUE, NO(REWRITE), NO(REWRITE) },
	{ BARE, IMS_PARENT_REWRITES, HANDED, NO(REWRITE), NO(REWRITE) },
	{ BARE, IMS_PARENT_REWRITES, SHARED, NO(REWRITE), NO(REWRITE) },

	/* Virtual IOMMU though no hypervisor was detected: a guest */
	{ VIOMMU, IMS_PARENT_IMMUTABLE, DEVICE, NO(VIRTUAL_IOMMU), YES(FORCED) },
	{ VIOMMU, IMS_PARENT_IMMUTABLE, QUEUE, NO(VIRTUAL_IOMMU), YES(FORCED) },
	{ VIOMMU, IMS_PARENT_IMMUTABLE, HANDED, NO(VIRTUAL_IOMMU), YES(FORCED) },
	{ VIOMMU, IMS_PARENT_IMMUTABLE, SHARED, NO(VIRTUAL_IOMMU), NO(NOT_ISOLATED) },
	{ VIOMMU, IMS_PARENT_REWRITES, DEVICE, NO(VIRTUAL_IOMMU), YES(FORCED) },
	{ VIOMMU, IMS_PARENT_REWRITES, QUEUE, NO(VIRTUAL_IOMMU), NO(REWRITE) },
	{ VIOMMU, IMS_PARENT_REWRITES, HANDED, NO(VIRTUAL_IOMMU), NO(REWRITE) },
	{ VIOMMU, IMS_PARENT_REWRITES, SHARED, NO(VIRTUAL_IOMMU), NO(REWRITE) },

	/* Guest, any other parent */
	{ GUEST, IMS_PARENT_IMMUTABLE, DEVICE, NO(GUEST), YES(FORCED) },
	{ GUEST, IMS_PARENT_IMMUTABLE, QUEUE, NO(GUEST), YES(FORCED) },
	{ GUEST, IMS_PARENT_IMMUTABLE, HANDED, NO(GUEST), YES(FORCED) },
	{ GUEST, IMS_PARENT_IMMUTABLE, SHARED, NO(GUEST), NO(NOT_ISOLATED) },
	{ GUEST, IMS_PARENT_REWRITES, DEVICE, NO(GUEST), YES(FORCED) },
	{ GUEST, IMS_PARENT_REWRITES, QUEUE, NO(GUEST), NO(REWRITE) },
	{ GUEST, IMS_PARENT_REWRITES, HANDED, NO(GUEST), NO(REWRITE) },
	{ GUEST, IMS_PARENT_REWRITES, SHARED, NO(GUEST), NO(REWRITE) },
};

/* All combinations of the five kinds of evidence, only one of them is special */
static const enum ims_policy_guest ims_policy_guests[32] = {
	[0]			= BARE,
	[1 ... 15]		= GUEST,
	[16]			= VIOMMU,
	[17 ... 31]		= GUEST,
};

/* Ruled out upfront or PASS: index by supported, complete, foreign, parent known; then mode */
#define PASS		IMS_REASONS
#define UPFRONT(a, off, on)	{ IMS_REASON_##a, IMS_REASON_##off, IMS_REASON_##on, }

static const enum ims_reason ims_policy_upfront[2][2][2][2][3] = {
	[0][0][0][0] = UPFRONT(ARCH, ARCH, ARCH),
	[0][0][0][1] = UPFRONT(ARCH, ARCH, ARCH),
	[0][0][1][0] = UPFRONT(ARCH, ARCH, ARCH),
	[0][0][1][1] = UPFRONT(ARCH, ARCH, ARCH),
	[0][1][0][0] = UPFRONT(ARCH, ARCH, ARCH),
	[0][1][0][1] = UPFRONT(ARCH, ARCH, ARCH),
	[0][1][1][0] = UPFRONT(ARCH, ARCH, ARCH),
	[0][1][1][1] = UPFRONT(ARCH, ARCH, ARCH),
	[1][0][0][0] = UPFRONT(EARLY, OFF, EARLY),
	[1][0][0][1] = UPFRONT(EARLY, OFF, EARLY),
	[1][0][1][0] = UPFRONT(EARLY, OFF, EARLY),
	[1][0][1][1] = UPFRONT(EARLY, OFF, EARLY),
	[1][1][0][0] = UPFRONT(NO_PARENT, OFF, NO_PARENT),
	[1][1][0][1] = { PASS, IMS_REASON_OFF, PASS, },
	[1][1][1][0] = UPFRONT(FOREIGN, OFF, FOREIGN),
	[1][1][1][1] = UPFRONT(FOREIGN, OFF, FOREIGN),
};

static bool ims_policy_expected(const struct ims_facts *facts, enum ims_store_kind kind,
				enum ims_mode mode, struct ims_verdict *expected)
{
	const bool known = facts->parent != IMS_PARENT_NONE;
	const struct ims_policy_row *row;
	unsigned int i;

	if (kind == HANDED && !facts->isolated)
		kind = SHARED;
	expected->allowed = false;
	expected->reason = ims_policy_upfront[facts->supported][facts->complete][facts->foreign]
					     [known][mode];
	if (expected->reason != PASS)
		return true;

	for (i = 0; i < ARRAY_SIZE(ims_policy_rows); i++) {
		row = &ims_policy_rows[i];
		if (row->guest != ims_policy_guests[facts->guest] || row->parent != facts->parent ||
		    row->kind != kind)
			continue;

		*expected = mode == IMS_MODE_ON ? row->on : row->autom;
		return true;
	}
	return false;
}

static void ims_policy_check(struct kunit *test, const struct ims_facts *facts,
			     enum ims_store_kind kind, enum ims_mode mode)
{
	struct ims_verdict verdict = ims_decide(facts, kind, mode);
	struct ims_verdict expected;

	KUNIT_ASSERT_TRUE(test, ims_policy_expected(facts, kind, mode, &expected));
	KUNIT_EXPECT_TRUE_MSG(test, verdict.allowed == expected.allowed &&
			      verdict.reason == expected.reason,
			      "sup %d compl %d guest %x foreign %d parent %d kind %d mode %d: got %d (%s), expected %d (%s)",
			      facts->supported, facts->complete, facts->guest, facts->foreign,
			      facts->parent, kind, mode, verdict.allowed,
			      ims_reason_text(verdict.reason), expected.allowed,
			      ims_reason_text(expected.reason));
}

static void ims_policy_all_kinds(struct kunit *test, const struct ims_facts *facts)
{
	unsigned int kind, mode;

	for (kind = 0; kind < IMS_STORE_KINDS; kind++)
		for (mode = IMS_MODE_AUTO; mode <= IMS_MODE_ON; mode++)
			ims_policy_check(test, facts, kind, mode);
}

/* The whole input space: 512 facts from the bits, times parent, kind and mode */
static void ims_policy_cross_product(struct kunit *test)
{
	unsigned int bits, parent;

	for (bits = 0; bits < 512; bits++) {
		for (parent = IMS_PARENT_NONE; parent <= IMS_PARENT_TRANSLATED; parent++) {
			const struct ims_facts facts = {
				.supported	= bits & BIT(0),
				.complete	= bits & BIT(1),
				.foreign	= bits & BIT(2),
				.isolated	= bits & BIT(3),
				.guest		= bits >> 4,
				.parent		= parent,
			};

			ims_policy_all_kinds(test, &facts);
		}
	}
}

/**
 * struct ims_parent_row - An MSI domain of a device and what it is to IMS
 * @flags:	IRQ_DOMAIN_FLAG_*
 * @supported:	MSI_FLAG_* that it supports as a parent
 * @token:	Its bus token, which must not matter
 * @parent:	What is expected
 * @isolated:	What is expected, where the architecture does not isolate all devices
 */
struct ims_parent_row {
	unsigned int			flags;
	u32				supported;
	enum irq_domain_bus_token	token;
	enum ims_parent			parent;
	bool				isolated;
};

#define PARENT		IRQ_DOMAIN_FLAG_MSI_PARENT
#define IMMUTABLE	IRQ_DOMAIN_FLAG_MSI_IMMUTABLE
#define ISOLATED	IRQ_DOMAIN_FLAG_ISOLATED_MSI
#define TRANSLATED	IRQ_DOMAIN_FLAG_MSI_TRANSLATED

static const struct ims_parent_row ims_parent_rows[] = {
	{ PARENT | IMMUTABLE | TRANSLATED, MSI_FLAG_PCI_IMS, DOMAIN_BUS_ANY,
	  IMS_PARENT_TRANSLATED },
	{ PARENT | IMMUTABLE | TRANSLATED, MSI_FLAG_PCI_MSIX, DOMAIN_BUS_NEXUS, IMS_PARENT_NONE },
	{ PARENT | IMMUTABLE, MSI_FLAG_PCI_IMS, DOMAIN_BUS_NEXUS, IMS_PARENT_IMMUTABLE },
	{ PARENT | IMMUTABLE | ISOLATED, MSI_FLAG_PCI_IMS, DOMAIN_BUS_NEXUS,
	  IMS_PARENT_IMMUTABLE, true },
	{ PARENT | ISOLATED, MSI_FLAG_PCI_IMS, DOMAIN_BUS_NEXUS, IMS_PARENT_REWRITES, true },
	{ PARENT | IMMUTABLE, MSI_FLAG_PCI_IMS, DOMAIN_BUS_DMAR, IMS_PARENT_IMMUTABLE },
	{ PARENT, MSI_FLAG_PCI_IMS, DOMAIN_BUS_DMAR, IMS_PARENT_REWRITES },
	{ PARENT, MSI_FLAG_PCI_IMS, DOMAIN_BUS_ANY, IMS_PARENT_REWRITES },
	{ PARENT | IMMUTABLE, MSI_FLAG_PCI_MSIX, DOMAIN_BUS_DMAR, IMS_PARENT_NONE },
	{ IMMUTABLE, MSI_FLAG_PCI_IMS, DOMAIN_BUS_AMDVI, IMS_PARENT_NONE },
	{ IRQ_DOMAIN_FLAG_MSI, MSI_FLAG_PCI_IMS, DOMAIN_BUS_PCI_MSI, IMS_PARENT_NONE },
};

/* What the domain of a device declares decides, not which one it is */
static void ims_policy_parent(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "ims_policy");
	struct irq_domain *domain = kunit_kzalloc(test, sizeof(*domain), GFP_KERNEL);
	struct msi_parent_ops ops = { };
	struct ims_facts facts;
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_NOT_NULL(test, domain);

	ims_gather_facts(dev, &facts);
	KUNIT_EXPECT_EQ(test, facts.parent, IMS_PARENT_NONE);

	domain->msi_parent_ops = &ops;
	dev_set_msi_domain(dev, domain);
	for (i = 0; i < ARRAY_SIZE(ims_parent_rows); i++) {
		domain->flags = ims_parent_rows[i].flags;
		domain->bus_token = ims_parent_rows[i].token;
		ops.supported_flags = ims_parent_rows[i].supported;
		ims_gather_facts(dev, &facts);
		KUNIT_EXPECT_EQ_MSG(test, facts.parent, ims_parent_rows[i].parent, "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, facts.isolated, ims_parent_rows[i].isolated, "row %u", i);
	}
	dev_set_msi_domain(dev, NULL);
}

/* An architecture which does not collect evidence must not get IMS */
static void ims_policy_no_evidence(struct kunit *test)
{
	struct ims_facts facts = { };
	struct ims_verdict verdict;

	verdict = ims_decide(&facts, DEVICE, IMS_MODE_ON);
	KUNIT_EXPECT_FALSE(test, verdict.allowed);
	KUNIT_EXPECT_EQ(test, verdict.reason, IMS_REASON_ARCH);
}

/* Each reason has its own words */
static void ims_policy_texts(struct kunit *test)
{
	unsigned int a, b;

	for (a = 0; a < IMS_REASONS; a++) {
		KUNIT_ASSERT_NOT_NULL(test, ims_reason_text(a));
		for (b = 0; b < a; b++)
			KUNIT_EXPECT_STRNEQ(test, ims_reason_text(a), ims_reason_text(b));
	}
	KUNIT_EXPECT_STREQ(test, ims_store_kind_text(DEVICE), "device-memory");
	KUNIT_EXPECT_STREQ(test, ims_store_kind_text(QUEUE), "queue-memory");
	KUNIT_EXPECT_STREQ(test, ims_store_kind_text(HANDED), "handed-out");
}

static struct kunit_case ims_policy_cases[] = {
	KUNIT_CASE(ims_policy_cross_product),
	KUNIT_CASE(ims_policy_parent),
	KUNIT_CASE(ims_policy_no_evidence),
	KUNIT_CASE(ims_policy_texts),
	{ }
};

static struct kunit_suite ims_policy_suite = {
	.name		= "msi_ims_policy",
	.test_cases	= ims_policy_cases,
};

kunit_test_suite(ims_policy_suite);

MODULE_DESCRIPTION("KUnit tests for the IMS platform check");
MODULE_LICENSE("GPL");
