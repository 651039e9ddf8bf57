/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_X86_KVM_MSI_H
#define _ASM_X86_KVM_MSI_H

#ifdef CONFIG_KVM_DEVICE_MSI
void kvm_msi_setup(void);
#else
static inline void kvm_msi_setup(void) { }
#endif

#endif /* _ASM_X86_KVM_MSI_H */
