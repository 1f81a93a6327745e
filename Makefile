# Two commands matter: `make demo` and `make test`. Both make their own environment.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
REPEAT ?= 1
# The lab mostly waits, so more tests at once than there are processors.
JOBS ?= 4

# `make install` puts everything where the system looks for it; DESTDIR is put before each path.
PREFIX ?= /usr
SYSCONFDIR ?= /etc
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib/keepalived-py
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= /lib/systemd/system
INSTALL ?= install

.PHONY: demo test test-lab test-tables fuzz soak bench check format prerequisites install uninstall clean

prerequisites:
	@PYTHON='$(PYTHON)' .ci/prerequisites

$(VENV)/.ready: pyproject.toml | prerequisites
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

demo: $(VENV)/.ready
	$(BIN)/python examples/walkthrough/demo.py

check: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy keepalived_py tests
	$(BIN)/pytest -q tests/architecture tests/unit tests/transitions tests/property tests/config tests/conformance tests/simulation

format: $(VENV)/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy keepalived_py tests
	$(BIN)/pytest -q -n $(JOBS) --dist worksteal

test-lab: $(VENV)/.ready
	for round in $$(seq $(REPEAT)); do \
		echo "round $$round of $(REPEAT)"; \
		$(BIN)/pytest -q tests/lab tests/interop || exit 1; \
	done

# Every configuration of the collection that has a virtual server, ours and Debian's keepalived beside each other in one
# User Mode Linux: five to ten minutes. `make test` tries one in eight.
test-tables: $(VENV)/.ready
	KEEPALIVED_EVERY=1 $(BIN)/pytest -q tests/uml/test_uml.py -k tables

# A million packets and a hundred thousand configurations: about half an hour. FUZZ=--seed=2 tries others.
fuzz: $(VENV)/.ready
	$(BIN)/python -m tests.fuzz packets $(FUZZ)
	$(BIN)/python -m tests.fuzz configs $(FUZZ)

# Ten thousand reloads between two configurations: half an hour. SOAK=100 runs a hundred.
SOAK ?= 10000
soak: $(VENV)/.ready
	SOAK_RELOADS=$(SOAK) $(BIN)/pytest -q -s tests/lab/test_soak.py

# As root; BENCH=--quick takes two minutes instead of eight, BENCH=--markdown writes docs/performance.md.
bench: $(VENV)/.ready
	$(BIN)/python -m bench $(BENCH)

# The packages are installed with the interpreter that will run them; python3 must be the same version later.
install: $(VENV)/.ready
	rm -rf '$(DESTDIR)$(LIBDIR)'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --target '$(DESTDIR)$(LIBDIR)' .
	rm -rf '$(DESTDIR)$(LIBDIR)/bin'
	$(PYTHON) -m compileall -q -s '$(DESTDIR)' '$(DESTDIR)$(LIBDIR)'
	$(INSTALL) -d '$(DESTDIR)$(SBINDIR)' '$(DESTDIR)$(SYSCONFDIR)/init.d' '$(DESTDIR)$(SYSCONFDIR)/sysconfig' \
		'$(DESTDIR)$(SYSCONFDIR)/keepalived' '$(DESTDIR)$(MANDIR)/man1' '$(DESTDIR)$(MANDIR)/man8' '$(DESTDIR)$(MANDIR)/man5' '$(DESTDIR)$(UNITDIR)'
	$(PYTHON) .ci/launcher cli '$(LIBDIR)' > '$(DESTDIR)$(SBINDIR)/keepalived'
	$(PYTHON) .ci/launcher control '$(LIBDIR)' > '$(DESTDIR)$(SBINDIR)/keepalivedctl'
	chmod 755 '$(DESTDIR)$(SBINDIR)/keepalived' '$(DESTDIR)$(SBINDIR)/keepalivedctl'
	ln -sf keepalived '$(DESTDIR)$(SBINDIR)/genhash'
	sed 's|^DAEMON=.*|DAEMON=$(SBINDIR)/keepalived|' init.d/keepalived > '$(DESTDIR)$(SYSCONFDIR)/init.d/keepalived'
	chmod 755 '$(DESTDIR)$(SYSCONFDIR)/init.d/keepalived'
	sed 's|@sbindir@|$(SBINDIR)|' systemd/keepalived.service > '$(DESTDIR)$(UNITDIR)/keepalived.service'
	$(BIN)/keepalivedctl manual genhash > '$(DESTDIR)$(MANDIR)/man1/genhash.1'
	$(BIN)/keepalivedctl manual ctl > '$(DESTDIR)$(MANDIR)/man8/keepalivedctl.8'
	$(BIN)/keepalivedctl manual 8 > '$(DESTDIR)$(MANDIR)/man8/keepalived.8'
	$(BIN)/keepalivedctl manual 5 > '$(DESTDIR)$(MANDIR)/man5/keepalived.conf.5'
	test -e '$(DESTDIR)$(SYSCONFDIR)/sysconfig/keepalived' || \
		$(INSTALL) -m 644 sysconfig/keepalived '$(DESTDIR)$(SYSCONFDIR)/sysconfig/keepalived'
	test -e '$(DESTDIR)$(SYSCONFDIR)/keepalived/keepalived.conf' || \
		$(INSTALL) -m 640 examples/keepalived.conf '$(DESTDIR)$(SYSCONFDIR)/keepalived/keepalived.conf'

uninstall:
	rm -rf '$(DESTDIR)$(LIBDIR)'
	rm -f '$(DESTDIR)$(SBINDIR)/keepalived' '$(DESTDIR)$(SBINDIR)/keepalivedctl' '$(DESTDIR)$(SBINDIR)/genhash' \
		'$(DESTDIR)$(SYSCONFDIR)/init.d/keepalived' '$(DESTDIR)$(UNITDIR)/keepalived.service' \
		'$(DESTDIR)$(MANDIR)/man8/keepalived.8' '$(DESTDIR)$(MANDIR)/man8/keepalivedctl.8' '$(DESTDIR)$(MANDIR)/man5/keepalived.conf.5' \
		'$(DESTDIR)$(MANDIR)/man1/genhash.1'

clean:
	rm -rf $(VENV) build dist *.egg-info
