# Every target sets itself up in .venv; nothing needs to be installed by hand but Python 3.11+ (and, optionally, JDK, Maven, PostgreSQL).
.PHONY: demo console pages assets wheel test check bench bench-quality model golden kafka-up kafka-down clean
PYTHON ?= python3
# Some machines forbid Python to keep what it has compiled; without that each of the thousand processes of the tests compiles it all again.
unexport PYTHONDONTWRITEBYTECODE
PY := .venv/bin/python

.venv/.runtime: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("casebus needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --require-hashes --only-binary :all: -r requirements.lock
	$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	$(PY) -m pip install --quiet --require-hashes --only-binary :all: -r requirements-dev.lock
	touch $@

demo: .venv/.runtime  ## the main job on the embedded default, told as a story
	$(PY) -m casebus demo

assets: .venv/.runtime  ## what the console's pages are drawn with, from npm; without npm they work, unstyled
	$(PY) tools/fetch_assets.py

console: .venv/.runtime assets  ## the demo's story in the browser: three agencies, one address. Ends with Ctrl-C
	$(PY) -m casebus demo --console

pages: .venv/.dev assets  ## screenshots of every page of the console, into docs/pages
	$(PY) tools/take_pages.py

wheel: .venv/.dev assets  ## what is installed elsewhere, with the console's styles in it
	$(PY) -m hatchling build -t wheel -d dist

test: .venv/.dev assets  ## everything, real Kafka and PostgreSQL included where the machine has them
	$(PY) tools/kafka_up.py fetch
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/.dev  ## style, types, direction of imports, generated files
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m casebus schema check
	$(PY) tools/regenerate_golden.py --check

bench: .venv/.dev .venv/.splink/.ready  ## the figures of docs/performance.md, measured here, matching beside Splink
	$(PY) bench/ledger.py
	$(PY) bench/matching.py
	$(PY) bench/board.py
	$(PY) bench/on_screen.py

# Splink stands apart: what it needs is no part of casebus. A subset: make bench-quality ARGUMENTS=--quick
.venv/.splink/.ready: bench/quality/requirements.lock .venv/.runtime
	$(PYTHON) -m venv --clear .venv/.splink
	.venv/.splink/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r bench/quality/requirements.lock
	touch $@

bench-quality: .venv/.dev .venv/.splink/.ready  ## how well match file finds one person, beside Splink: docs/matching.md
	$(PY) bench/quality/run.py $(ARGUMENTS)

model: .venv/.dev  ## learn the weights of the blind detector anew: casebus/matching/model.py
	$(PY) bench/quality/train.py

golden: .venv/.dev  ## regenerate what is generated
	$(PY) tools/regenerate_golden.py

kafka-up: .venv/.runtime  ## one real Kafka node on a loopback port
	$(PY) tools/kafka_up.py up

kafka-down:
	$(PY) tools/kafka_up.py down

clean:
	rm -rf node_modules casebus/console/static/vendor .venv .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
