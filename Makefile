# xbow: make | make test | make reproduce | make bench | make san | make fuzz | make docs; nothing else to learn.
# CC=clang builds with clang; SAN=1 with AddressSanitizer and UndefinedBehaviorSanitizer, SAN=thread with ThreadSanitizer.

CC      = gcc
B       = build
OPT     = -O3 -fno-tree-slp-vectorize $(LTO) # two fields joined in a vector register take more than two stores
WARN    = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
CFLAGS  = -std=gnu11 -g $(OPT) $(WARN) $(SANFLAGS)
LDFLAGS = $(SANFLAGS)
INCLUDE = -Isim
LIBS    = -lsimgrid -lyaml -lgsl -lgslcblas -lm -lpthread
TESTLIBS = $(LIBS) $(shell pkg-config --libs check 2>/dev/null)
VERSION = 0.1.0

# Debian 12 packages: to build and run; on top of that to test.
PACKAGES      = gcc make pkg-config libc6-dev libsimgrid-dev libyaml-dev libgsl-dev gnuplot-nox graphviz fonts-dejavu-core
TEST_PACKAGES = $(PACKAGES) check tshark clang

ifeq ($(SAN),1)
SANFLAGS = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(SAN),thread)
SANFLAGS = -fsanitize=thread
endif

# gcc also optimises xbow across files, as it links (clang would need another linker for that).  The objects hold ordinary
# code as well, which the tests are linked from, quickly, and whoever takes build/liblanes.a.
ifeq ($(SAN)$(findstring clang,$(CC)),)
LTO = -flto=auto -ffat-lto-objects
NO_LTO = -fno-lto
endif

SIM_SRC   = $(wildcard sim/*/*.c)
LANES_SRC = $(wildcard sim/lanes/*.c)
CORE_SRC  = $(filter-out sim/lanes/%,$(SIM_SRC))
TEST_SRC  = $(wildcard tests/test_*.c)
FUZZ_SRC  = $(wildcard tests/fuzz_*.c)
FUZZ_BIN  = $(patsubst tests/%.c,$(B)/%,$(FUZZ_SRC))
obj       = $(patsubst %.c,$(B)/obj/%.o,$(1))

all: $(B)/xbow $(B)/liblanes.a

$(B)/xbow: $(call obj,sim/main.c $(CORE_SRC)) $(B)/liblanes.a
	@echo "  LD    $@"
	@$(CC) $(OPT) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/liblanes.a: $(call obj,$(LANES_SRC))
	@echo "  AR    $@"
	@rm -f $@ && ar rcs $@ $^

# lanes/ is libc only: it sees no other header of ours.
$(call obj,$(LANES_SRC)): INCLUDE = -Isim/lanes
$(call obj,sim/main.c sim/report/results.c): CFLAGS += -DXBOW_VERSION='"$(VERSION)"'
$(call obj,tests/main.c $(TEST_SRC) $(FUZZ_SRC)): INCLUDE = -Isim -Itests -I$(B)/gen
$(call obj,tests/main.c $(TEST_SRC)): | $(B)/gen/suites.h

$(B)/obj/%.o: %.c Makefile | $(B)/.packages
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CFLAGS) $(INCLUDE) -MMD -MP -c -o $@ $<

# The list of suites is the list of files: tests/test_<module>.c defines <module>_suite().
$(B)/gen/suites.h: $(TEST_SRC) Makefile
	@mkdir -p $(@D)
	@{ echo '/* Generated from the names of tests/test_*.c. */'; echo '#include <check.h>'; \
	   echo '#define TEST_SUITES(X)$(patsubst tests/test_%.c, X(%),$(TEST_SRC))'; \
	   for s in $(patsubst tests/test_%.c,%,$(TEST_SRC)); do echo "Suite *$${s}_suite(void);"; done; } > $@

$(B)/tests: $(call obj,tests/main.c $(TEST_SRC) $(CORE_SRC)) $(B)/liblanes.a
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS) $(NO_LTO) -o $@ $^ $(TESTLIBS)

$(B)/fuzz_%: $(B)/obj/tests/fuzz_%.o $(call obj,$(CORE_SRC)) $(B)/liblanes.a
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS) $(NO_LTO) -o $@ $^ $(LIBS)

# A stamp that names the packages seen: checked again only when the list changes.
$(B)/.packages: Makefile tools/require.sh
	@tools/require.sh $(PACKAGES)
	@mkdir -p $(B) && touch $@
$(B)/.test-packages: Makefile tools/require.sh
	@tools/require.sh $(TEST_PACKAGES)
	@mkdir -p $(B) && touch $@ $(B)/.packages

# The production driver on the model (tests/realdriver/README.md).
comma = ,
REALDRIVER_SRC  = $(wildcard tests/realdriver/*.c)
REALDRIVER_SIM  = $(wildcard sim/core/*.c sim/net/*.c sim/machine/*.c sim/nicmodel/*.c)
REALDRIVER_LIBS = $(patsubst %,-l:librte_%.so.23,ethdev mbuf mempool ring eal)
# What the driver's library takes from us instead of from libc or itself.
REALDRIVER_OURS = $(patsubst %,-Wl$(comma)--export-dynamic-symbol=%,open64 stat64 mmap64 ioctl rte_delay_us_sleep \
                    rte_eal_alarm_set)
$(call obj,$(REALDRIVER_SRC)): INCLUDE = -Isim $(shell tests/realdriver/dpdk.sh 2>/dev/null)

$(B)/realdriver: $(call obj,$(REALDRIVER_SRC) $(REALDRIVER_SIM))
	@echo "  LD    $@"
	@$(CC) $(LDFLAGS) $(NO_LTO) $(REALDRIVER_OURS) -o $@ $^ $(REALDRIVER_LIBS) $(LIBS)

# -- what people type ---------------------------------------------------------------------------------------------

# Unit and whole-system tests, then the checks that look at the tree and at several builds.
test: $(B)/.test-packages
	@$(MAKE) --no-print-directory -j2 all $(B)/tests $(FUZZ_BIN)
	@CK_TIMEOUT_MULTIPLIER=5 $(B)/tests
	@for f in $(FUZZ_BIN); do printf "%s: " "$$f"; $$f 3000 || exit 1; done
	@$(MAKE) --no-print-directory test-realdriver
	@XBOW=$(B)/xbow tests/layers.sh
	@XBOW=$(B)/xbow tests/command_line.sh
	@XBOW=$(B)/xbow tests/readme.sh
	@tests/determinism.sh

# Debian's unmodified driver; skipped, with a word of why, where it is not installed and cannot be.
test-realdriver: $(B)/.packages
	@if tests/realdriver/dpdk.sh install >/dev/null; then \
	    $(MAKE) --no-print-directory -j2 $(B)/realdriver && $(B)/realdriver; \
	else echo "test-realdriver: skipped"; fi

reproduce: $(B)/.packages
	@$(MAKE) --no-print-directory -j2 all
	@$(B)/xbow reproduce

# The suites under ASan and UBSan, and the lanes' two hosts under TSan.
san: $(B)/.test-packages
	@$(MAKE) --no-print-directory -j2 B=build/san SAN=1 build/san/xbow build/san/tests
	@CK_TIMEOUT_MULTIPLIER=20 ASAN_OPTIONS=detect_leaks=1 build/san/tests
	@$(MAKE) --no-print-directory -j2 B=build/tsan SAN=thread build/tsan/tests
	@CK_FORK=no CK_TIMEOUT_MULTIPLIER=20 build/tsan/tests lane_hosts

# As long as you like, under ASan and UBSan: FUZZ_RUNS inputs from FUZZ_SEED for every target (make test runs a few
# thousand of each without).
FUZZ_RUNS = 1000000
FUZZ_SEED = 1
fuzz: $(B)/.test-packages
	@$(MAKE) --no-print-directory -j2 B=build/san SAN=1 $(FUZZ_BIN:$(B)/%=build/san/%)
	@for f in $(FUZZ_BIN:$(B)/%=build/san/%); do echo "$$f"; $$f $(FUZZ_RUNS) $(FUZZ_SEED) || exit 1; done

bench: $(B)/.packages
	@$(MAKE) --no-print-directory -j2 all
	@bench/bench.sh

# Writes the reference pages that are made from the code's own tables.
docs: $(B)/.packages
	@$(MAKE) --no-print-directory -j2 all
	@tools/docs.sh

clean:
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

.PHONY: all test test-realdriver reproduce san fuzz bench docs clean
