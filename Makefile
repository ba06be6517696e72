.PHONY: run test coverage local bench bench-learning bench-blueprints bench-night bench-table-writer bench-judge bench-proposals bench-curriculum bench-forgotten bench-watch soak soak-sandbox bench-sandbox storm-sandbox

PYTHON ?= python3
BIN := .venv/bin

run: .venv/.core ## the main job: sixty cycles on the rehearsal model
	$(BIN)/python loop.py --llm rehearsal --cycles 60

test: .venv/.dev ## everything that needs neither Docker nor a model
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy .
	$(BIN)/pytest -q -n 3 --dist worksteal

coverage: .venv/.dev ## the same tests, slower: which branches do they reach? less than 90 % is a failure
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n 3 --dist worksteal
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

local: .venv/.local ## what --llm gguf:FILE needs: llama.cpp is compiled, some minutes; CMAKE_ARGS=-DGGML_CUDA=on for a GPU

bench: .venv/.core ## what choosing among 10,000 rules costs, against its limit
	$(BIN)/python -m benchmarks.bench_selection

bench-learning: .venv/.core ## the goals of learning on thousands of simulated nights, and Trainers that are broken on purpose
	$(BIN)/python -m benchmarks.learning

bench-blueprints: .venv/.core ## a hundred trials each of planted better, worse and equal ways of working: are they told apart?
	$(BIN)/python -m benchmarks.bench_blueprints

bench-night: .venv/.core ## simulated nights with planted rules: are those that help found?
	$(BIN)/python -m benchmarks.bench_night

bench-table-writer: .venv/.dev ## a model that writes what it is shown into a table: does it pass a task, is its rule ever proven?
	$(BIN)/python -m benchmarks.table_writer
	$(BIN)/python -m benchmarks.table_writer --nights 20

bench-proposals: .venv/.core ## 200 proposed tasks, half of them with planted faults: is no faulty one trusted?
	$(BIN)/python -m benchmarks.bench_proposals

bench-curriculum: .venv/.core ## five kinds of simulated learners: the Trainer's choice of tasks against six other ways
	$(BIN)/python -m benchmarks.curriculum

bench-forgotten: .venv/.core ## nights in which a skill is lost half-way, and ordinary ones: is it noticed, is anything imagined?
	$(BIN)/python -m benchmarks.forgotten

bench-watch: .venv/.core ## what `watch` and an open page cost the loop, against their limit
	$(BIN)/python -m benchmarks.bench_watch

soak: .venv/.core ## 2000 attempts with every fault switched on, on Docker; as root. ENGINE: what starts the Docker daemon, to restart it too
	$(BIN)/python -m benchmarks.soak_night --engine "$(ENGINE)"

soak-sandbox: .venv/.core ## thousands of jobs, one in eight hostile: stays the best sandbox here right, clean and small?
	$(BIN)/python -m benchmarks.soak_sandbox

bench-sandbox: .venv/.dev ## what a job and a grading cost in each kind of sandbox, against docker run and a plain process
	$(BIN)/python -m benchmarks.bench_sandbox

bench-judge: .venv/.core ## mutants and honest rewritings of the curriculum's references: does the judge say what plain Python says?
	$(BIN)/python -m benchmarks.judge_mutants

storm-sandbox: .venv/.dev ## what honest jobs get of Docker's sandboxes between attacks
	$(BIN)/python -m benchmarks.storm_sandbox --kind docker
	$(BIN)/python -m benchmarks.storm_sandbox --kind socket

.venv/.core: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

.venv/.dev: requirements-dev.txt .venv/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

.venv/.local: export SKBUILD_BUILD_TARGETS = llama
.venv/.local: override export CMAKE_ARGS := -DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama_cpp_INCLUDE='$(CURDIR)/utils/llama_build.cmake' $(CMAKE_ARGS)
.venv/.local: requirements-local.txt .venv/.core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --require-hashes -r requirements-local.txt
	touch $@
