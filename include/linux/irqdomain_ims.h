/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupt Message Store (IMS): device specific storage for MSI messages
 *
 * See Documentation/PCI/ims.rst for the driver writer's view.
 */
#ifndef _LINUX_IRQDOMAIN_IMS_H
#define _LINUX_IRQDOMAIN_IMS_H

#include <linux/bits.h>
#include <linux/irqdomain_defs.h>
#include <linux/msi_api.h>
#include <linux/types.h>

struct device;
struct irq_affinity;
struct irq_affinity_desc;
struct msi_domain_template;
struct msi_msg;

/**
 * enum ims_store_kind - Where the interrupt messages of a device live
 * @IMS_STORE_DEVICE_MEMORY:	An array of slots in the device's own MMIO
 *				space. An update is visible at once and can
 *				be done with interrupts disabled.
 * @IMS_STORE_QUEUE_MEMORY:	Queue context which is owned by the device.
 *				An update is a device command which sleeps
 *				and which can fail.
 * @IMS_STORE_HANDED_OUT:	With a peer which the owner of the domain gives
 *				the message to. Nobody in this kernel writes it.
 * @IMS_STORE_KINDS:		Number of kinds
 */
enum ims_store_kind {
	IMS_STORE_DEVICE_MEMORY,
	IMS_STORE_QUEUE_MEMORY,
	IMS_STORE_HANDED_OUT,
	IMS_STORE_KINDS,
};

/**
 * struct ims_vector - One vector as seen by the callbacks of a store
 * @index:	Index of the vector in the store
 * @cookie:	The cookie which was handed to the allocation function
 * @data:	ims_store::data
 */
struct ims_vector {
	unsigned int			index;
	union msi_instance_cookie	cookie;
	void				*data;
};

/**
 * struct ims_device_ops - Callbacks of a device memory store
 * @write_msg:	Write the message. The vector is masked. Must flush posted
 *		writes.
 * @mask:	Prevent the device from sending. Must flush posted writes. An
 *		event which happens while masked must be remembered by the
 *		device.
 * @unmask:	Let the device send, including what it remembered
 * @quiesce:	Mask the whole store, so that nothing is sent which an earlier
 *		kernel has left. Gets ims_store::data, may sleep, returns 0 or a
 *		negative error code. Optional when the size of the store is
 *		known: @mask is then called for each vector, with an empty cookie.
 *		Comes again in pci_restore_state() when a change was held back and
 *		after a reset, so it must not take a lock which the driver holds then.
 *
 * All callbacks but @quiesce are invoked with interrupts disabled. Those for one
 * vector do not overlap.
 */
struct ims_device_ops {
	void	(*write_msg)(const struct ims_vector *vec, const struct msi_msg *msg);
	void	(*mask)(const struct ims_vector *vec);
	void	(*unmask)(const struct ims_vector *vec);
	int	(*quiesce)(void *data);
};

/**
 * struct ims_queue_ops - Callbacks of a queue memory store
 * @commit:	Bring the wanted state to the device: the message @msg and
 *		whether the vector is masked. Invoked from task context
 *		without a spinlock held, may sleep. Calls for one vector are
 *		serialized, calls for different vectors are not. Has to end in
 *		bounded time and to fail rather than wait for the end of a reset
 *		or of suspend. Must not take a lock which the driver holds when
 *		it calls functions of IMS or request_irq(), free_irq(),
 *		enable_irq() and the like for a vector, and must not call such
 *		functions or those of MSI. The interrupt which completes the
 *		command must not be a vector of this store. Memory must be
 *		allocated with GFP_NOIO if the device serves memory reclaim.
 *		An event which happens while masked must be remembered by the
 *		device. A vector which is not in use is masked and has an
 *		all-zero message, no event must be raised then. Returns 0 or a
 *		negative error code when the device did not take it. After
 *		-ENODEV and -ETIMEDOUT the device is not asked again for any
 *		vector until ims_restore().
 * @quiesce:	Optional: make the device forget all messages that an earlier
 *		kernel has left in its store. Gets ims_store::data, may sleep,
 *		returns 0 or a negative error code. Not needed if the driver
 *		resets the device before it creates the domain.
 */
struct ims_queue_ops {
	int	(*commit)(const struct ims_vector *vec, const struct msi_msg *msg, bool masked);
	int	(*quiesce)(void *data);
};

/*
 * The 16 byte slot of the ready-made device memory store, source: Intel Data
 * Streaming Accelerator Architecture Specification, "Interrupt Message
 * Storage". The rest of the control word belongs to the device.
 */
#define IMS_SLOT_ADDRESS_LO	0x00
#define IMS_SLOT_ADDRESS_HI	0x04
#define IMS_SLOT_DATA		0x08
#define IMS_SLOT_CONTROL	0x0c
#define IMS_SLOT_CONTROL_MASK	BIT(0)
#define IMS_SLOT_SIZE		0x10

/**
 * struct ims_slot_array - Location of a store with the ready-made slot layout
 * @base:	Mapped address of slot 0
 * @stride:	Distance between two slots in bytes, at least IMS_SLOT_SIZE and
 *		a multiple of 4
 * @control:	Optional: the device's own bits in the control word of a slot,
 *		derived from the cookie of the vector, e.g. a PASID. Invoked
 *		at allocation. The mask bit is owned by the core.
 */
struct ims_slot_array {
	void __iomem	*base;
	unsigned int	stride;
	u32		(*control)(union msi_instance_cookie cookie);
};

/* The device cannot mask a vector, its message is all there is to take away */
#define IMS_STORE_NO_MASK	BIT(0)

/**
 * struct ims_store - Description of an interrupt message store
 * @kind:	Where the messages live
 * @flags:	IMS_STORE_* flags
 * @size:	Number of vectors the store can hold, 0 when the index space is
 *		only limited by software
 * @slots:	Device memory with the ready-made slot layout: where it is
 * @device_ops:	Device memory with another layout: the callbacks
 * @queue_ops:	Queue memory: the callbacks
 * @revoke:	Handed out, optional: the vector is being freed and its message has
 *		been read. Nobody may use the message any more when this returns,
 *		because another vector can get it then. May sleep, must not call
 *		functions of IMS.
 * @data:	Handed to the callbacks in ims_vector::data
 *
 * Exactly one of @slots.base, @device_ops, @queue_ops is set and it must match
 * @kind, none if the messages are handed out. The core copies the structure, the
 * callbacks must stay.
 */
struct ims_store {
	enum ims_store_kind		kind;
	unsigned int			flags;
	unsigned int			size;
	struct ims_slot_array		slots;
	const struct ims_device_ops	*device_ops;
	const struct ims_queue_ops	*queue_ops;
	void				(*revoke)(const struct ims_vector *vec);
	void				*data;
};

/**
 * enum ims_mode - What the ims= command line option asks for
 * @IMS_MODE_AUTO:	Use IMS where it is known to be safe
 * @IMS_MODE_OFF:	Never use IMS
 * @IMS_MODE_ON:	Use IMS wherever it is technically possible
 */
enum ims_mode {
	IMS_MODE_AUTO,
	IMS_MODE_OFF,
	IMS_MODE_ON,
};

/**
 * enum ims_parent - What an IMS domain of a device would be stacked upon
 * @IMS_PARENT_NONE:		No MSI parent domain which supports IMS
 * @IMS_PARENT_REWRITES:	The message is rewritten on every affinity
 *				change, e.g. CPU vectors without remapping
 * @IMS_PARENT_IMMUTABLE:	The message is written once, the domain has
 *				IRQ_DOMAIN_FLAG_MSI_IMMUTABLE
 * @IMS_PARENT_TRANSLATED:	The message comes from the host, the domain has
 *				IRQ_DOMAIN_FLAG_MSI_TRANSLATED
 */
enum ims_parent {
	IMS_PARENT_NONE,
	IMS_PARENT_REWRITES,
	IMS_PARENT_IMMUTABLE,
	IMS_PARENT_TRANSLATED,
};

/* What gives a guest away, see ims_facts::guest */

/* The CPU says that there is a hypervisor */
#define IMS_GUEST_CPUID		BIT(0)
/* The kernel has recognized a hypervisor */
#define IMS_GUEST_DETECTED	BIT(1)
/* The firmware tables describe a virtual machine */
#define IMS_GUEST_DMI		BIT(2)
/* The memory is protected from the host, so there is one */
#define IMS_GUEST_CONFIDENTIAL	BIT(3)
/* An IOMMU says that it is emulated */
#define IMS_GUEST_IOMMU		BIT(4)

/**
 * struct ims_facts - Evidence for the platform check
 * @supported:	The architecture knows how to collect the evidence
 * @complete:	All of it has been collected. False early during boot.
 * @foreign:	MSI messages are composed by somebody else, e.g. Xen
 * @guest:	IMS_GUEST_* bits
 * @parent:	The MSI parent domain of the device
 * @isolated:	No message of the device can raise an interrupt of another one
 * @hypervisor:	Name of the hypervisor which was recognized or NULL
 * @dmi:	What in the firmware tables describes a virtual machine or NULL
 */
struct ims_facts {
	bool			supported;
	bool			complete;
	bool			foreign;
	unsigned int		guest;
	enum ims_parent		parent;
	bool			isolated;
	const char		*hypervisor;
	const char		*dmi;
};

/**
 * enum ims_reason - Why IMS may or may not be used
 * @IMS_REASON_BARE_IMMUTABLE:	Bare metal, messages never change
 * @IMS_REASON_BARE_REWRITES:	Bare metal, messages change with the affinity
 * @IMS_REASON_TRANSLATED:	Guest, the host hands out the messages
 * @IMS_REASON_FORCED:		Guest, but enabled on the command line
 * @IMS_REASON_OFF:		Disabled on the command line
 * @IMS_REASON_ARCH:		Not supported by this architecture
 * @IMS_REASON_EARLY:		Asked before the evidence is complete
 * @IMS_REASON_FOREIGN:		MSI is owned by somebody else
 * @IMS_REASON_NO_PARENT:	The MSI parent domain does not support IMS
 * @IMS_REASON_GUEST:		Guest, the host is not known to translate
 *				messages
 * @IMS_REASON_VIRTUAL_IOMMU:	Guest which nothing but its IOMMU gives away
 * @IMS_REASON_REWRITE:		A store which sleeps, or a message which is handed
 *				out, on a parent which rewrites the message on every
 *				affinity change
 * @IMS_REASON_NOT_ISOLATED:	A message which is handed out, but the device could
 *				raise interrupts of another one
 * @IMS_REASON_REPLACED:	A message which is handed out in a guest, whose host can
 *				replace it
 * @IMS_REASONS:		Number of reasons
 */
enum ims_reason {
	IMS_REASON_BARE_IMMUTABLE,
	IMS_REASON_BARE_REWRITES,
	IMS_REASON_TRANSLATED,
	IMS_REASON_FORCED,
	IMS_REASON_OFF,
	IMS_REASON_ARCH,
	IMS_REASON_EARLY,
	IMS_REASON_FOREIGN,
	IMS_REASON_NO_PARENT,
	IMS_REASON_GUEST,
	IMS_REASON_VIRTUAL_IOMMU,
	IMS_REASON_REWRITE,
	IMS_REASON_NOT_ISOLATED,
	IMS_REASON_REPLACED,
	IMS_REASONS,
};

/**
 * struct ims_verdict - Result of the platform check
 * @allowed:	IMS may be used
 * @reason:	Why, see ims_reason_text()
 */
struct ims_verdict {
	bool		allowed;
	enum ims_reason	reason;
};

/**
 * struct ims_bus - What a bus contributes to the IMS domains of its devices
 * @chip_name:	Name of the interrupt chip, e.g. "PCI-IMS"
 * @bus_token:	Bus token of the domain
 * @flags:	MSI_FLAG_* which the MSI parent domain has to support
 * @power:	Get the place where the bus keeps the power state of a device, as
 *		long as the device lives. It is 0 while the store can be accessed.
 * @gone:	The device is gone for good. Invoked in any context.
 */
struct ims_bus {
	const char			*chip_name;
	enum irq_domain_bus_token	bus_token;
	u32				flags;
	const int			*(*power)(struct device *dev);
	bool				(*gone)(struct device *dev);
};

struct ims_verdict ims_decide(const struct ims_facts *facts, enum ims_store_kind kind,
			      enum ims_mode mode);
const char *ims_reason_text(enum ims_reason reason);
const char *ims_store_kind_text(enum ims_store_kind kind);
const char *ims_dmi_match(const char * const *strings);
const char *ims_dmi_guest(void);
bool ims_viot_guest(void);
void ims_platform_facts(struct ims_facts *facts);
void ims_gather_facts(struct device *dev, struct ims_facts *facts);
struct ims_verdict ims_check(struct device *dev, enum ims_store_kind kind);

int ims_create_domain(struct device *dev, const struct ims_store *store,
		      const struct ims_bus *bus);
int ims_create_template_domain(struct device *dev, const struct msi_domain_template *template,
			       unsigned int hwsize, void *data);
void ims_remove_domain(struct device *dev);
struct msi_map ims_alloc_irq_at(struct device *dev, unsigned int index,
				union msi_instance_cookie *cookie,
				const struct irq_affinity_desc *affdesc);
int ims_alloc_irqs(struct device *dev, unsigned int nvec,
		   const union msi_instance_cookie *cookies,
		   struct irq_affinity *affd, struct msi_map *maps);
void ims_free_irq(struct device *dev, struct msi_map map);
int ims_vector_error(struct device *dev, unsigned int index);
void ims_bus_reset_prepare(struct device *dev);
int ims_read_msg(struct device *dev, unsigned int index, struct msi_msg *msg);
void ims_bus_restore(struct device *dev);
int ims_restore(struct device *dev);
void ims_flush(struct device *dev);
const struct ims_store *ims_device_store(struct device *dev);
unsigned int ims_vectors_in_use(struct device *dev);

#endif /* _LINUX_IRQDOMAIN_IMS_H */
