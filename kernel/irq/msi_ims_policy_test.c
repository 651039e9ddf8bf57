// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the platform check of the Interrupt Message Store (IMS)
 *
 * The expected verdicts are written out, see the table in
 * Documentation/PCI/ims.rst. Nothing here is derived from the code under test.
 */
#include <kunit/test.h>

#include <linux/bits.h>
#include <linux/irqdomain_ims.h>

#define YES(why)	{ .allowed = true, .reason = IMS_REASON_##why, }
#define NO(why)		{ .allowed = false, .reason = IMS_REASON_##why, }

#define DEVICE		IMS_STORE_DEVICE_MEMORY
#define QUEUE		IMS_STORE_QUEUE_MEMORY

/**
 * struct ims_policy_row - What is expected where IMS is not ruled out upfront
 * @hypervisor:	A hypervisor was detected
 * @parent:	The MSI parent domain
 * @offered:	The hypervisor offers translation for @kind
 * @kind:	The kind of store
 * @autom:	Verdict with ims=auto
 * @on:		Verdict with ims=on
 */
struct ims_policy_row {
	bool			hypervisor;
	enum ims_parent		parent;
	bool			offered;
	enum ims_store_kind	kind;
	struct ims_verdict	autom;
	struct ims_verdict	on;
};

static const struct ims_policy_row ims_policy_rows[] = {
	/* Bare metal, remapping. An offer without a hypervisor means nothing. */
	{ false, IMS_PARENT_REMAP, false, DEVICE, YES(BARE_REMAP), YES(BARE_REMAP) },
	{ false, IMS_PARENT_REMAP, false, QUEUE, YES(BARE_REMAP), YES(BARE_REMAP) },
	{ false, IMS_PARENT_REMAP, true, DEVICE, YES(BARE_REMAP), YES(BARE_REMAP) },
	{ false, IMS_PARENT_REMAP, true, QUEUE, YES(BARE_REMAP), YES(BARE_REMAP) },

	/* Bare metal, vector domain. Queue memory cannot follow the rewrites. */
	{ false, IMS_PARENT_VECTOR, false, DEVICE, YES(BARE_VECTOR), YES(BARE_VECTOR) },
	{ false, IMS_PARENT_VECTOR, false, QUEUE, NO(REWRITE), NO(REWRITE) },
	{ false, IMS_PARENT_VECTOR, true, DEVICE, YES(BARE_VECTOR), YES(BARE_VECTOR) },
	{ false, IMS_PARENT_VECTOR, true, QUEUE, NO(REWRITE), NO(REWRITE) },

	/* Virtual remapping though no hypervisor was detected: a guest */
	{ false, IMS_PARENT_REMAP_VIRTUAL, false, DEVICE, NO(VIRTUAL_REMAP), YES(FORCED) },
	{ false, IMS_PARENT_REMAP_VIRTUAL, false, QUEUE, NO(VIRTUAL_REMAP), YES(FORCED) },
	{ false, IMS_PARENT_REMAP_VIRTUAL, true, DEVICE, YES(OFFERED), YES(OFFERED) },
	{ false, IMS_PARENT_REMAP_VIRTUAL, true, QUEUE, YES(OFFERED), YES(OFFERED) },

	/* Guest without an offer, whatever the parent */
	{ true, IMS_PARENT_REMAP, false, DEVICE, NO(GUEST), YES(FORCED) },
	{ true, IMS_PARENT_REMAP, false, QUEUE, NO(GUEST), YES(FORCED) },
	{ true, IMS_PARENT_VECTOR, false, DEVICE, NO(GUEST), YES(FORCED) },
	{ true, IMS_PARENT_VECTOR, false, QUEUE, NO(GUEST), NO(REWRITE) },
	{ true, IMS_PARENT_REMAP_VIRTUAL, false, DEVICE, NO(GUEST), YES(FORCED) },
	{ true, IMS_PARENT_REMAP_VIRTUAL, false, QUEUE, NO(GUEST), YES(FORCED) },

	/* Guest with an offer for this store */
	{ true, IMS_PARENT_REMAP, true, DEVICE, YES(OFFERED), YES(OFFERED) },
	{ true, IMS_PARENT_REMAP, true, QUEUE, YES(OFFERED), YES(OFFERED) },
	{ true, IMS_PARENT_VECTOR, true, DEVICE, YES(OFFERED), YES(OFFERED) },
	{ true, IMS_PARENT_VECTOR, true, QUEUE, NO(REWRITE), NO(REWRITE) },
	{ true, IMS_PARENT_REMAP_VIRTUAL, true, DEVICE, YES(OFFERED), YES(OFFERED) },
	{ true, IMS_PARENT_REMAP_VIRTUAL, true, QUEUE, YES(OFFERED), YES(OFFERED) },
};

/* Ruled out upfront, first match wins */
static const struct ims_verdict ims_policy_arch = NO(ARCH);
static const struct ims_verdict ims_policy_off = NO(OFF);
static const struct ims_verdict ims_policy_foreign = NO(FOREIGN);
static const struct ims_verdict ims_policy_no_parent = NO(NO_PARENT);

static const struct ims_verdict *ims_policy_expected(const struct ims_facts *facts,
						     enum ims_store_kind kind, enum ims_mode mode)
{
	const struct ims_policy_row *row;
	unsigned int i;

	if (!facts->supported)
		return &ims_policy_arch;
	if (mode == IMS_MODE_OFF)
		return &ims_policy_off;
	if (facts->foreign)
		return &ims_policy_foreign;
	if (facts->parent == IMS_PARENT_NONE)
		return &ims_policy_no_parent;

	for (i = 0; i < ARRAY_SIZE(ims_policy_rows); i++) {
		row = &ims_policy_rows[i];
		if (row->hypervisor == facts->hypervisor && row->parent == facts->parent &&
		    row->kind == kind && row->offered == !!(facts->offered & BIT(kind)))
			return mode == IMS_MODE_ON ? &row->on : &row->autom;
	}
	return NULL;
}

static void ims_policy_check(struct kunit *test, const struct ims_facts *facts,
			     enum ims_store_kind kind, enum ims_mode mode)
{
	const struct ims_verdict *expected = ims_policy_expected(facts, kind, mode);
	struct ims_verdict verdict = ims_decide(facts, kind, mode);

	KUNIT_ASSERT_NOT_NULL(test, expected);
	KUNIT_EXPECT_TRUE_MSG(test, verdict.allowed == expected->allowed &&
			      verdict.reason == expected->reason,
			      "sup %d hyp %d foreign %d offered %x parent %d kind %d mode %d: got %d (%s), expected %d (%s)",
			      facts->supported, facts->hypervisor, facts->foreign, facts->offered,
			      facts->parent, kind, mode, verdict.allowed,
			      ims_reason_text(verdict.reason), expected->allowed,
			      ims_reason_text(expected->reason));
}

/* The whole input space: 32 facts from the bits, times parent, kind and mode */
static void ims_policy_cross_product(struct kunit *test)
{
	unsigned int bits, parent, kind, mode;

	for (bits = 0; bits < 32; bits++) {
		for (parent = IMS_PARENT_NONE; parent <= IMS_PARENT_REMAP_VIRTUAL; parent++) {
			struct ims_facts facts = {
				.supported	= bits & BIT(0),
				.hypervisor	= bits & BIT(1),
				.foreign	= bits & BIT(2),
				.offered	= bits >> 3,
				.parent		= parent,
			};

			for (kind = 0; kind < IMS_STORE_KINDS; kind++)
				for (mode = IMS_MODE_AUTO; mode <= IMS_MODE_ON; mode++)
					ims_policy_check(test, &facts, kind, mode);
		}
	}
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
}

static struct kunit_case ims_policy_cases[] = {
	KUNIT_CASE(ims_policy_cross_product),
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
