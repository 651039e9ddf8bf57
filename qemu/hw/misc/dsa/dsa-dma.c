/*
 * Intel Data Streaming Accelerator: memory
 *
 * A descriptor with a PASID works in the address space of a process: the device
 * asks the IOMMU for each page, and accesses what the answer permits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "dsa.h"
#include "trace.h"

#define DSA_PAGE    4096u

MemTxResult dsa_dma(DsaState *s, uint64_t addr, void *buf, dma_addr_t len,
                    DMADirection dir)
{
    if (!dsa_awake(s)) {
        return MEMTX_ERROR;
    }
    return pci_dma_rw(PCI_DEVICE(s), addr, buf, len, dir,
                      MEMTXATTRS_UNSPECIFIED);
}

static MemTxResult dsa_page_dma(DsaState *s, const DsaJob *job, uint64_t addr,
                                void *buf, unsigned len, DMADirection dir)
{
    bool write = dir == DMA_DIRECTION_FROM_DEVICE;
    IOMMUTLBEntry page;
    uint32_t errors;
    ssize_t n;

    if (!dsa_awake(s)) {
        return MEMTX_ERROR;
    }
    n = pci_ats_request_translation(PCI_DEVICE(s), job->pasid, job->priv, false,
                                    addr, len, !write, &page, 1, &errors);
    /* Nobody has address spaces of processes there */
    if (n == -ENODEV) {
        return dsa_dma(s, addr, buf, len, dir);
    }
    if (n != 1 || !(page.perm & (write ? IOMMU_WO : IOMMU_RO))) {
        return MEMTX_ACCESS_ERROR;
    }
    return address_space_rw(page.target_as,
                            page.translated_addr | (addr & page.addr_mask),
                            MEMTXATTRS_UNSPECIFIED, buf, len, write);
}

/*
 * Access memory for a descriptor. Returns false if that is not possible, with
 * @addr at the place.
 */
bool dsa_job_dma(DsaState *s, const DsaJob *job, uint64_t *addr, void *buf,
                 uint32_t len, DMADirection dir)
{
    uint8_t *p = buf;

    if (!job->pasid_en) {
        return dsa_dma(s, *addr, buf, len, dir) == MEMTX_OK;
    }
    while (len) {
        unsigned n = MIN(len, DSA_PAGE - *addr % DSA_PAGE);

        if (dsa_page_dma(s, job, *addr, p, n, dir) != MEMTX_OK) {
            trace_dsa_no_access(job->pasid, *addr, dir);
            return false;
        }
        *addr += n;
        p += n;
        len -= n;
    }
    return true;
}
