# Run `make` alone to see what can be made. Works with GNU make 3.81 (macOS) and newer.

# The study to report on; empty means the default study.
CONFIG =
DEFAULT_CONFIG = config/config.yaml
# Processors for the workflow: four, or all where there are fewer.
CORES = $(shell n=$$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1); \
	if [ "$$n" -gt 4 ]; then n=4; fi; echo "$$n")
# Further arguments, for example SNAKEMAKE_ARGS=--dry-run or PYTEST_ARGS='-k streams'.
SNAKEMAKE_ARGS =
PYTEST_ARGS =
LOCK_ARGS =

# Programs come from .venv, whatever is activated outside; and no module from
# outside gets in. Recipes name .venv/bin as well, since make 3.81 looks up a
# plain command on the PATH that it was started with.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
unexport PYTHONPATH PYTHONHOME
export PYTHONNOUSERSITE := 1
# Images of containers set it, and each of a study's hundreds of scripts would compile our modules.
unexport PYTHONDONTWRITEBYTECODE

snakemake_files = $(wildcard Snakefile) $(wildcard workflow)

# Says what is wrong with a configuration as YAML; Snakemake says neither file nor line.
define check_yaml
import sys, yaml
try:
    with open(sys.argv[1], encoding="utf-8") as file:
        yaml.safe_load(file)
except (yaml.YAMLError, ValueError) as error:
    sys.exit(f"CONFIG: {sys.argv[1]} cannot be read as YAML: {error}")
endef
export check_yaml
check_config = test -z "$(CONFIG)" || test -f "$(CONFIG)" || \
	{ echo "CONFIG: $(CONFIG) is not a file; those here are: $$(ls config/*.yaml | tr '\n' ' ')" >&2; exit 2; }; \
	.venv/bin/python -c "$$check_yaml" "$(or $(CONFIG),$(DEFAULT_CONFIG))" || exit 2

# Says where the PDFs of a study are. Its configuration names its folder.
define list_reports
import pathlib, sys, yaml
study = yaml.safe_load(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))["study"]
folder = pathlib.Path("results", study, "report")
print("\n".join(f"Report: {pdf}" for pdf in sorted(folder.glob("report-*.pdf"))) or f"No report in {folder} yet.")
endef
export list_reports

.DEFAULT_GOAL := help
.PHONY: help report status check-report test test-deploy test-browser test-cluster benchmark format key-tables catalogues lock clean python tex
# In order, even with -j: both set-ups may call apt-get, and training comes after them.
.NOTPARALLEL:

help: ## List what can be made (this list)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  make report CONFIG=my-study.yaml   takes another study"
	@echo "  make report CORES=8                uses 8 processors"
	@echo "  make report SNAKEMAKE_ARGS=-n      passes arguments on to Snakemake"
	@echo "  make report PYTHON=python3.12      chooses the Python for .venv"

report: python tex ## Run the study and write its report as PDF
	@$(check_config)
	@.venv/bin/snakemake --cores $(CORES) --resources gpu=1 \
		$(if $(CONFIG),--configfile "$(CONFIG)") $(SNAKEMAKE_ARGS)
	@.venv/bin/python -c "$$list_reports" "$(or $(CONFIG),$(DEFAULT_CONFIG))"

# Plain text, for a terminal and over ssh; from anywhere: make -C FOLDER status.
status: python ## Say how far the study is: runs done, running, waiting, failed, time left (EVERY=10: again)
	@$(check_config)
	@PYTHONPATH=src .venv/bin/python -m timbang.running "$(or $(CONFIG),$(DEFAULT_CONFIG))" \
		$(if $(EVERY),--every $(EVERY))

check-report: python ## Look every number of a finished report up again in the files of the runs
	@$(check_config)
	@PYTHONPATH=src .venv/bin/python -m timbang.reader --config "$(or $(CONFIG),$(DEFAULT_CONFIG))"

test: python tex ## Check style, types and workflow, and run the tests
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/snakefmt --check $(snakemake_files)
	.venv/bin/snakemake --lint
	.venv/bin/mypy
	PYTHONPATH=src .venv/bin/lint-imports --no-cache
	OMP_NUM_THREADS=1 .venv/bin/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# Needs the package registry, and a minute or two.
test-deploy: python ## Test the workflow as a module, as a package, and with Snakemake alone
	.venv/bin/pytest -m deploy tests/deploy $(PYTEST_ARGS)

# Debian's Chromium and its driver; Selenium and axe-core from their registries, beside .venv's own.
BROWSER_TESTS = .venv/browser
test-browser: python ## Test the explorer in a headless Chromium (Debian; skips where it cannot be set up)
	@{ command -v chromium && command -v chromedriver; } >/dev/null || \
		{ command -v apt-get >/dev/null && . ./envs/apt.sh && may_be_root && \
			apt_install chromium chromium-driver; } || \
		echo "Skipped: chromium and chromium-driver are not here and cannot be installed"
	@command -v chromedriver >/dev/null || exit 0; \
		test -d $(BROWSER_TESTS)/selenium || \
			.venv/bin/uv pip install --quiet --target $(BROWSER_TESTS) selenium || exit 0; \
		test -f $(BROWSER_TESTS)/node_modules/axe-core/axe.min.js || \
			npm install --silent --no-save --prefix $(BROWSER_TESTS) axe-core >/dev/null 2>&1 || \
			echo "Without axe-core, which npm could not fetch"; \
		PYTHONPATH=$(BROWSER_TESTS) AXE=$(BROWSER_TESTS)/node_modules/axe-core/axe.min.js \
			.venv/bin/pytest -m browser tests/browser $(PYTEST_ARGS)

# Debian's Slurm; with-cluster.sh needs root for the cluster's own network, mounts and processes.
test-cluster: python tex ## Test the workflow on a real Slurm of two nodes (Debian, root; skips where it cannot)
	@sh tests/cluster/slurm/set_up_slurm.sh || exit 0; \
		OMP_NUM_THREADS=1 tests/cluster/slurm/with-cluster.sh \
			.venv/bin/pytest -m cluster tests/cluster --numprocesses 2 --dist loadgroup $(PYTEST_ARGS)

benchmark: python ## Measure training speed and memory against the machine (not part of the tests)
	PYTHONPATH=src .venv/bin/python benchmarks/train_networks.py
	PYTHONPATH=src .venv/bin/python benchmarks/measure_memory.py

format: python ## Put code and rules into the project's style
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	.venv/bin/snakefmt $(snakemake_files)

catalogues: python ## Bring report/languages/*.po up to date with what the report says
	PYTHONPATH=src .venv/bin/python report/languages/update_catalogues.py

key-tables: python ## Write the tables of keys in config/README.md from the schema
	.venv/bin/python docs/write_key_tables.py

# Only resolves; the next target that needs .venv installs. One version for all
# Pythons and systems, so that results do not depend on them.
# LOCK_ARGS=--upgrade takes newer releases; without it only what must change changes.
lock: python ## Write envs/requirements.lock anew from pyproject.toml
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--fork-strategy fewest --extra dev --generate-hashes --no-annotate \
		--no-emit-index-url --no-emit-find-links \
		--custom-compile-command 'make lock' $(LOCK_ARGS) \
		--output-file envs/requirements.lock pyproject.toml

# Results, data, .snakemake and .venv stay.
clean: ## Remove the caches of the checks (never results or data)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests workflow -name __pycache__ -type d -prune -exec rm -rf {} +

python: ## Set up .venv (done by the others as needed)
	@sh envs/set_up_python.sh

tex: ## Set up LaTeX (done by the others as needed)
	@sh envs/set_up_tex.sh
