/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ims

#if !defined(_TRACE_IMS_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_IMS_H

#include <linux/device.h>
#include <linux/irqdomain_ims.h>
#include <linux/msi.h>
#include <linux/tracepoint.h>

/* A command has told the device what it shall hold for a vector in queue memory */
TRACE_EVENT(ims_commit,
	    TP_PROTO(struct device *dev, const struct ims_vector *vec,
		     const struct msi_msg *msg, bool masked, int ret),

	    TP_ARGS(dev, vec, msg, masked, ret),

	    TP_STRUCT__entry(__string(dev,		dev_name(dev))
			     __field(unsigned int,	index)
			     __field(u64,		address)
			     __field(u32,		data)
			     __field(bool,		masked)
			     __field(int,		ret)),

	    TP_fast_assign(__assign_str(dev);
			   __entry->index	= vec->index;
			   __entry->address	= (u64)msg->address_hi << 32 | msg->address_lo;
			   __entry->data	= msg->data;
			   __entry->masked	= masked;
			   __entry->ret		= ret;),

	    TP_printk("dev=%s index=%u address=0x%llx data=0x%x masked=%d ret=%d",
		      __get_str(dev), __entry->index, __entry->address, __entry->data,
		      __entry->masked, __entry->ret)
);

#endif /* _TRACE_IMS_H */

#include <trace/define_trace.h>
