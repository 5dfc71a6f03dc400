# Each target sets up what it needs; nothing has to be installed by hand but Python 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install chat test lint samples bench

install: $(VENV)/installed

# torch is named first: this version is the CPU build, others bring gigabytes of CUDA.
$(VENV)/installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --editable '.[local,ocr,mcp,dev]'
	touch $@

chat: install
	$(BIN)/jianbao chat seeds

test: lint
	$(BIN)/python -m pytest

# Takes an hour on two cores; `make bench PARTS=encoding` measures a part. See tests/benchmarks.
bench: install
	$(BIN)/python -m tests.benchmarks $(PARTS)

# Documents of others, for tests/quality/test_samples.py, which is skipped without them. Needs Debian's apt-get.
samples: .samples

.samples: tests/quality/samples.sh $(VENV)/installed
	bash $< $@ $(BIN)/pip

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
