# Everything one does with a checkout, by name. `make help` lists it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SOURCE := conftest.py src tests benchmarks tools attacks examples
CPP    := $(wildcard native/*.cpp native/*.hpp native/*.h native/*/*.cpp native/*/*.hpp)

# Python files are used in place; only these make a new installation necessary.
BUILD_INPUTS := pyproject.toml CMakeLists.txt src/leftfold/_version.py $(CPP)

# Tests run in this many processes; with WORKERS=0 in one.
WORKERS  ?= 2
TOGETHER := --numprocesses=$(WORKERS) --dist=worksteal

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format types docs parity peers bench asan clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Leftfold needs Python 3.10 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.demo: $(BUILD_INPUTS) | $(BIN)/python
	$(BIN)/python -m pip install --editable '.[demo]'
	@touch $@

$(VENV)/.dev: $(BUILD_INPUTS) | $(BIN)/python
	$(BIN)/python -m pip install --editable '.[dev]'
	@touch $(VENV)/.demo $@

demo: $(VENV)/.demo ## train on 25,000 film reviews and judge sentences (ARGS='...' goes to the program)
	$(BIN)/leftfold demo $(ARGS)

test: $(VENV)/.dev ## tests and the examples in the documentation (ARGS='-k lstm' narrows them)
	$(BIN)/python -m pytest $(TOGETHER) $(ARGS)

lint: $(VENV)/.dev ## style of Python and C++
	$(BIN)/ruff check $(SOURCE)
	$(BIN)/ruff format --check $(SOURCE)
	$(BIN)/clang-format --dry-run --Werror $(CPP)

format: $(VENV)/.dev ## rewrite the sources in that style
	$(BIN)/ruff check --fix $(SOURCE)
	$(BIN)/ruff format $(SOURCE)
	$(BIN)/clang-format -i $(CPP)

types: $(VENV)/.dev ## type hints, by mypy
	$(BIN)/mypy

$(VENV)/.docs: pyproject.toml | $(VENV)/.demo
	$(BIN)/python -m pip install --editable '.[docs]'
	@touch $@

docs: $(VENV)/.docs ## the documentation as a site, in build/site
	$(BIN)/mkdocs build --strict

peers: | $(BIN)/python ## Keras (JAX, TensorFlow) and PyTorch, each in its own environment
	$(BIN)/python -m tools.peers install $(PEERS)

parity: $(VENV)/.dev ## live comparison with Keras and PyTorch
	$(BIN)/python -m tools.peers install $(or $(PEERS),keras-jax keras-tensorflow torch onnxruntime)
	$(BIN)/python -m pytest tests/parity $(TOGETHER) $(ARGS)

bench: $(VENV)/.dev ## speed beside Keras and PyTorch (QUICK=1, ARGS='--workload vix_simplernn50')
	$(BIN)/python -m tools.peers install $(PEERS)
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(PEERS),--peers $(PEERS)) $(ARGS)

ASAN := build/asan/venv
$(ASAN)/.installed: $(BUILD_INPUTS)
	$(PYTHON) -m venv $(ASAN)
	$(ASAN)/bin/python -m pip install --quiet --upgrade pip
	$(ASAN)/bin/python -m pip install pytest hypothesis
	$(ASAN)/bin/python -m pip install --editable . --config-settings=build-dir=build/asan/cmake \
	  --config-settings=cmake.define.LEFTFOLD_SANITIZE=ON --config-settings=install.strip=false \
	  --config-settings=cmake.build-type=RelWithDebInfo
	@touch $@

asan: $(ASAN)/.installed ## the native code under AddressSanitizer and UBSan
	LD_PRELOAD="$$($(or $(CXX),g++) -print-file-name=libasan.so) $$($(or $(CXX),g++) -print-file-name=libstdc++.so)" \
	ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
	PYTHONMALLOC=malloc LEFTFOLD_REDUCED_TESTS=1 \
	$(ASAN)/bin/python -m pytest --capture=sys tests/native $(ARGS)

clean: ## remove what was built (the environment too)
	rm -rf build dist $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
