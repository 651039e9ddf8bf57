/*
 * QTest testcase for the Intel Data Streaming Accelerator
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "libqtest.h"
#include "libqos/pci.h"
#include "libqos/pci-pc.h"
#include "hw/pci/pci_regs.h"
#include "hw/misc/dsa/dsa-regs.h"

#define DEVFN       QPCI_DEVFN(4, 0)
#define RECORD      0x1000000
#define MAILBOX     0x1001000
#define SLOT        5
#define MESSAGE     0x1234

typedef struct DsaTest {
    QTestState *qts;
    QPCIBus *bus;
    QPCIDevice *dev;
    QPCIBar regs;
    QPCIBar portals;
    uint64_t offsets;
} DsaTest;

static uint32_t reg(DsaTest *t, uint64_t offset)
{
    return qpci_io_readl(t->dev, t->regs, offset);
}

static void put(DsaTest *t, uint64_t offset, uint32_t val)
{
    qpci_io_writel(t->dev, t->regs, offset, val);
}

/* Where table @i is, in the order of the OFFSETS register */
static uint64_t table(DsaTest *t, unsigned i)
{
    return extract64(t->offsets, i * 16, 16) * DSA_TABLE_UNIT;
}

static uint64_t slot(DsaTest *t, unsigned word)
{
    return table(t, 3) + SLOT * DSA_IMS_SLOT_SIZE + word * 4;
}

static void start(DsaTest *t, const char *args)
{
    t->qts = qtest_initf("-machine q35 -device dsa,id=dsa,addr=4.0 %s", args);
    t->bus = qpci_new_pc(t->qts, NULL);
    t->dev = qpci_device_find(t->bus, DEVFN);
    g_assert_nonnull(t->dev);
    qpci_device_enable(t->dev);
    t->regs = qpci_iomap(t->dev, 0, NULL);
    t->portals = qpci_iomap(t->dev, 2, NULL);
    t->offsets = qpci_io_readq(t->dev, t->regs, DSA_OFFSETS);
}

static void stop(DsaTest *t)
{
    g_free(t->dev);
    qpci_free_pc(t->bus);
    qtest_quit(t->qts);
}

static uint32_t command(DsaTest *t, unsigned code, uint32_t operand)
{
    uint32_t status;

    put(t, DSA_CMD, FIELD_DP32(operand, CMD, CODE, code));
    do {
        status = reg(t, DSA_CMDSTS);
    } while (FIELD_EX32(status, CMDSTS, ACTIVE));
    g_assert_cmphex(FIELD_EX32(status, CMDSTS, ERROR), ==, 0);
    return FIELD_EX32(status, CMDSTS, RESULT);
}

/* One work queue, and an IMS slot whose message goes to memory */
static uint16_t enable(DsaTest *t)
{
    uint64_t wq = table(t, 1);

    put(t, wq, 8);
    put(t, wq + DSA_WQCFG_MODE * 4, FIELD_DP32(1, WQCFG2, PRIORITY, 1));
    put(t, wq + DSA_WQCFG_LIMITS * 4,
        FIELD_DP32(31, WQCFG3, MAX_BATCH_SHIFT, 8));
    put(t, table(t, 0), 1);
    put(t, table(t, 0) + DSA_GRPCFG_ENGINES * 4, 1);
    command(t, DSA_CMD_ENABLE_DEVICE, 0);
    command(t, DSA_CMD_ENABLE_WQ, 0);
    put(t, slot(t, 0), MAILBOX);
    put(t, slot(t, 2), MESSAGE);
    return command(t, DSA_CMD_REQUEST_HANDLE, DSA_HANDLE_IMS | SLOT);
}

/* A no-op that asks for an interrupt */
static void fire(DsaTest *t, uint16_t handle)
{
    uint32_t flags = DSA_FLAG_CRAV | DSA_FLAG_RCR | DSA_FLAG_RCI;
    uint8_t desc[DSA_DESC_SIZE] = { 0 };

    stl_le_p(desc + 4, (uint32_t)DSA_OP_NOOP << 24 | flags);
    stq_le_p(desc + 8, RECORD);
    stw_le_p(desc + 36, handle);
    qtest_writeb(t->qts, RECORD, 0);
    qpci_memwrite(t->dev, t->portals, 2 * DSA_PORTAL_SIZE, desc, sizeof(desc));
    while (!qtest_readb(t->qts, RECORD)) {
        qtest_clock_step(t->qts, 1);
    }
    g_assert_cmphex(qtest_readb(t->qts, RECORD), ==, DSA_COMP_SUCCESS);
}

static uint32_t letter(DsaTest *t)
{
    uint32_t got = qtest_readl(t->qts, MAILBOX);

    qtest_writel(t->qts, MAILBOX, 0);
    return got;
}

static void test_registers(void)
{
    DsaTest t;
    uint64_t cap;

    start(&t, "");
    g_assert_cmphex(qpci_config_readw(t.dev, PCI_VENDOR_ID), ==, 0x8086);
    g_assert_cmphex(qpci_config_readw(t.dev, PCI_DEVICE_ID), ==, 0x0b25);
    cap = qpci_io_readq(t.dev, t.regs, DSA_GENCAP);
    g_assert_cmpuint(FIELD_EX64(cap, GENCAP, MAX_IMS_MULT), ==, 8);
    g_assert_cmphex(reg(&t, slot(&t, 3)), ==, R_INTCTRL_MASK_MASK);
    stop(&t);
}

static void test_ims(void)
{
    uint16_t handle;
    DsaTest t;

    start(&t, "");
    handle = enable(&t);
    put(&t, slot(&t, 3), R_INTCTRL_MASK_MASK);
    fire(&t, handle);
    g_assert_cmphex(letter(&t), ==, 0);
    g_assert_cmphex(reg(&t, slot(&t, 3)), ==,
                    R_INTCTRL_MASK_MASK | R_INTCTRL_PENDING_MASK);
    put(&t, slot(&t, 3), 0);
    g_assert_cmphex(letter(&t), ==, MESSAGE);
    fire(&t, handle);
    g_assert_cmphex(letter(&t), ==, MESSAGE);
    stop(&t);
}

static void test_power(void)
{
    uint16_t handle;
    uint8_t pm;
    DsaTest t;

    start(&t, "");
    handle = enable(&t);
    put(&t, slot(&t, 3), R_INTCTRL_MASK_MASK);
    fire(&t, handle);
    pm = qpci_find_capability(t.dev, PCI_CAP_ID_PM, 0);
    g_assert_cmphex(pm, !=, 0);
    qpci_config_writew(t.dev, pm + PCI_PM_CTRL, 3);
    qpci_config_writew(t.dev, pm + PCI_PM_CTRL, 0);
    g_assert_cmphex(reg(&t, DSA_GENSTS), ==, DSA_STATE_ENABLED);
    put(&t, slot(&t, 3), 0);
    g_assert_cmphex(letter(&t), ==, MESSAGE);
    stop(&t);
}

static void test_hotplug(void)
{
    DsaTest t;

    start(&t, "-device pcie-root-port,id=rp");
    qtest_qmp_device_add(t.qts, "dsa", "dsa1", "{'bus': 'rp'}");
    stop(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/dsa/registers", test_registers);
    qtest_add_func("/dsa/ims", test_ims);
    qtest_add_func("/dsa/power", test_power);
    qtest_add_func("/dsa/hotplug", test_hotplug);
    return g_test_run();
}
