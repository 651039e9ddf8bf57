# SPDX-License-Identifier: GPL-2.0
# Verbs only; the logic is in scripts/ and tests/.

BASE ?= 6.12
export BASE

.PHONY: help run run-idxd run-dsa-user run-guest run-arm64 bench boot test test-long kunit tree apply refresh series check bisect deb clean
# scripts start parallel makes of their own; the verbs themselves do not overlap
.NOTPARALLEL:

help:
	@echo 'make run                  build, boot the main scenario, print the vector table'
	@echo 'make run-idxd             work queues of an emulated Intel DSA that complete through IMS'
	@echo 'make run-dsa-user         processes that sleep until their work queue of an emulated DSA is done'
	@echo 'make run-guest            the same in a guest of a KVM host, which hands out the messages'
	@echo 'make run-arm64            the main scenario on arm64, through the ITS of a GICv3'
	@echo 'make test [LANES="..."]   every test lane, or those named; ends with N passed, N failed'
	@echo 'make test-long            what takes too long for make test'
	@echo 'make bench                what IMS costs beside MSI-X, see bench/results'
	@echo 'make kunit                KUnit suites on UML'
	@echo 'make boot [GUESTS="..."]  the boot tests alone, or those named, see tests/tables/boot.tsv'
	@echo 'make tree [DIR=path]      compose the patched kernel tree (build/BASE/linux)'
	@echo 'make apply KDIR=path      put the series on your own kernel tree'
	@echo 'make refresh [ARGS=...]   write patches/*/*.diff anew, see scripts/refresh'
	@echo 'make series [ARGS=...]    write the mails of the series, see scripts/series'
	@echo 'make check [ARGS=...]     what a maintainer would check, see scripts/check'
	@echo 'make bisect [ARGS=...]    build every prefix of the series, boot the last'
	@echo 'make deb [CONFIG=path]    Debian packages of the patched kernel'
	@echo 'make clean                remove build/'
	@echo 'BASE=$(BASE) (known: $(patsubst bases/%.mk,%,$(wildcard bases/*.mk)))'

# On 6.12 no device works in the address space of a process, see tests/config/7.3.config
run-dsa-user: BASE = 7.3
run run-idxd run-dsa-user run-guest run-arm64:
	@scripts/test --show $@

bench:
	@scripts/deps build cross arm64 qemubuild bench base
	@scripts/qemu
	@scripts/qemu aarch64
	@scripts/tree "$(BASE)"
	@scripts/bench "$(BASE)"

boot:
	@GUESTS="$(GUESTS)" scripts/test boot

test:
	@GUESTS="$(GUESTS)" scripts/test $(LANES)

test-long:
	@scripts/test --long

kunit:
	@scripts/deps kunit base
	@scripts/tree "$(BASE)"
	@scripts/kunit "$(BASE)"

tree:
	@scripts/deps base
	@scripts/tree "$(BASE)" $(if $(DIR),"$(DIR)")

apply:
	@scripts/apply "$(KDIR)"

refresh:
	@scripts/deps base
	@scripts/refresh "$(BASE)" $(ARGS)

series:
	@scripts/deps base
	@scripts/series "$(BASE)" $(ARGS)

check:
	@scripts/deps base check lint
	@scripts/check "$(BASE)" $(ARGS)

bisect:
	@scripts/deps build qemu base
	@scripts/bisect "$(BASE)" $(ARGS)

deb:
	@scripts/deps build base deb
	@scripts/tree "$(BASE)"
	@scripts/deb "$(BASE)" $(if $(CONFIG),"$(CONFIG)")

clean:
	@rm -rf build
