/*
 * Intel Data Streaming Accelerator: misbehaviour on demand, for tests
 *
 * All of these are properties that can be given with -device and changed
 * while the machine runs, with qom-set.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/qdev-core.h"
#include "dsa.h"

typedef enum DsaFaultType {
    DSA_FAULT_BOOL,
    DSA_FAULT_U8,
    DSA_FAULT_U32,
    DSA_FAULT_U64,
} DsaFaultType;

typedef struct DsaFaultProp {
    const char *name;
    DsaFaultType type;
    size_t offset;
    const char *help;
} DsaFaultProp;

#define DSA_FAULT(_name, _type, _field, _help) \
    { _name, _type, offsetof(DsaState, fault._field), _help }

static const DsaFaultProp dsa_fault_props[] = {
    DSA_FAULT("fault-slot", DSA_FAULT_U32, slot,
              "the only IMS slot that misbehaves, 0xffffffff: all"),
    DSA_FAULT("fault-count", DSA_FAULT_U32, count,
              "faulty messages until it behaves again, 0: no end"),
    DSA_FAULT("fault-ignore-mask", DSA_FAULT_BOOL, ignore_mask,
              "IMS slots send although they are masked"),
    DSA_FAULT("fault-stale", DSA_FAULT_BOOL, stale,
              "send the message as before the latest update"),
    DSA_FAULT("fault-rid", DSA_FAULT_U32, rid,
              "requester ID to send with, 0xffffffff: the right one"),
    DSA_FAULT("fault-address", DSA_FAULT_U64, address,
              "address to send to, 0: that of the slot"),
    DSA_FAULT("fault-data", DSA_FAULT_U32, data,
              "data to send if fault-address is set"),
    DSA_FAULT("fault-handle-add", DSA_FAULT_U32, handle_add,
              "added to the VT-d handle in the address"),
    DSA_FAULT("fault-data-add", DSA_FAULT_U32, data_add,
              "added to the data"),
    DSA_FAULT("fault-extra", DSA_FAULT_BOOL, extra,
              "send the right message, too"),
    DSA_FAULT("fault-cmd", DSA_FAULT_U8, cmd,
              "the command that fails, 0: none"),
    DSA_FAULT("fault-cmd-error", DSA_FAULT_U8, cmd_error,
              "the error that it fails with"),
    DSA_FAULT("fault-cmd-hang", DSA_FAULT_BOOL, cmd_hang,
              "it stays active instead"),
    DSA_FAULT("fault-hold", DSA_FAULT_BOOL, hold,
              "descriptors stay in the work queues"),
};

static void dsa_fault_visit(Visitor *v, const DsaFaultProp *prop, void *field,
                            Error **errp)
{
    switch (prop->type) {
    case DSA_FAULT_BOOL:
        visit_type_bool(v, prop->name, field, errp);
        break;
    case DSA_FAULT_U8:
        visit_type_uint8(v, prop->name, field, errp);
        break;
    case DSA_FAULT_U32:
        visit_type_uint32(v, prop->name, field, errp);
        break;
    case DSA_FAULT_U64:
        visit_type_uint64(v, prop->name, field, errp);
        break;
    }
}

static void dsa_fault_get(Object *obj, Visitor *v, const char *name,
                          void *opaque, Error **errp)
{
    const DsaFaultProp *prop = opaque;

    dsa_fault_visit(v, prop, (char *)DSA(obj) + prop->offset, errp);
}

/* A change may free what was held back. */
static void dsa_fault_set(Object *obj, Visitor *v, const char *name,
                          void *opaque, Error **errp)
{
    const DsaFaultProp *prop = opaque;
    DsaState *s = DSA(obj);
    unsigned i;

    dsa_fault_visit(v, prop, (char *)s + prop->offset, errp);
    if (DEVICE(s)->realized) {
        for (i = 0; i < s->num_wqs; i++) {
            dsa_wq_kick(&s->wq[i]);
        }
        dsa_ims_refresh(s);
        dsa_cmd_progress(s);
    }
}

static bool dsa_no_bool(Object *obj, Error **errp)
{
    return false;
}

static void dsa_set_revoke(Object *obj, bool value, Error **errp)
{
    if (!DEVICE(obj)->realized) {
        error_setg(errp, "dsa: revoke-handles works at run time only");
    } else if (value) {
        dsa_handles_revoke(DSA(obj));
    }
}

static void dsa_get_zero(Object *obj, Visitor *v, const char *name,
                         void *opaque, Error **errp)
{
    uint8_t zero = 0;

    visit_type_uint8(v, name, &zero, errp);
}

static void dsa_set_halt(Object *obj, Visitor *v, const char *name,
                         void *opaque, Error **errp)
{
    uint8_t type;

    if (!visit_type_uint8(v, name, &type, errp)) {
        return;
    }
    if (!DEVICE(obj)->realized) {
        error_setg(errp, "dsa: halt works at run time only");
    } else if (type > 3) {
        error_setg(errp, "dsa: halt=%u is out of range, use 0 to 3", type);
    } else {
        dsa_halt(DSA(obj), type);
    }
}

void dsa_faults_init(DsaState *s)
{
    s->fault.slot = UINT32_MAX;
    s->fault.rid = UINT32_MAX;
    s->fault.cmd_error = DSA_ERR_HW;
    object_property_add_uint64_ptr(OBJECT(s), "ims-sent", &s->ims_sent,
                                   OBJ_PROP_FLAG_READ);
}

void dsa_faults_class_init(ObjectClass *klass)
{
    static const char *const types[] = {
        [DSA_FAULT_BOOL] = "bool",
        [DSA_FAULT_U8] = "uint8",
        [DSA_FAULT_U32] = "uint32",
        [DSA_FAULT_U64] = "uint64",
    };
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(dsa_fault_props); i++) {
        const DsaFaultProp *prop = &dsa_fault_props[i];

        object_class_property_add(klass, prop->name, types[prop->type],
                                  dsa_fault_get, dsa_fault_set, NULL,
                                  (void *)prop);
        object_class_property_set_description(klass, prop->name, prop->help);
    }
    object_class_property_add_bool(klass, "revoke-handles", dsa_no_bool,
                                   dsa_set_revoke);
    object_class_property_set_description(klass, "revoke-handles",
        "make all interrupt handles invalid now");
    object_class_property_add(klass, "halt", "uint8", dsa_get_zero,
                              dsa_set_halt, NULL, NULL);
    object_class_property_set_description(klass, "halt",
        "halt now, with this reset type (0 software, 1 FLR)");
}
