# 恒鉴。运行 make 列出全部命令。
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# The locks hold the whole closure, so pip has nothing to resolve: --no-deps keeps a newer release from changing anything.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PEOPLE ?= 20000
SEED ?= 1
OUT ?= out
PORT ?= 8000
SPREAD := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: help demo serve gate-demo test test-long check fix bench bench-office bench-gate quality clean lock

help: ## 列出全部命令
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.base: requirements/base.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新。装好后再试：make $(MAKECMDGOALS)"; exit 2; }
	@echo "准备环境（第一次约一分钟）…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --no-deps --require-hashes -r requirements/base.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	@$(PIP) --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.office: requirements/office.txt $(VENV)/.base
	@$(PIP) --no-deps --require-hashes -r requirements/office.txt
	@touch $@

$(VENV)/.gate: requirements/gate.txt $(VENV)/.base
	@$(PIP) --no-deps --require-hashes -r requirements/gate.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.base
	@$(PIP) --no-deps --require-hashes -r requirements/bench.txt
	@touch $@

demo: $(VENV)/.base ## 建一座合成城市，加载、审计、评分，写出报告（PEOPLE=人数 SEED=种子 OUT=文件夹）
	@$(BIN)/hengjian demo --people $(PEOPLE) --seed $(SEED) --out $(OUT)

serve: $(VENV)/.office ## 在浏览器里办公：第一次先建一个演示办公室（OUT=文件夹 PORT=端口 PEOPLE=人数）
	@$(BIN)/hengjian serve --demo --home $(OUT)/office --port $(PORT) --people $(PEOPLE)

gate-demo: $(VENV)/.gate ## 试用闸口：第一次先建一座合成城市，预热，打开医生工作站（OUT=文件夹 PORT=端口 PEOPLE=人数，默认 8100 和 5000）
	@$(BIN)/hengjian gate demo --home $(OUT)/gate --port $(if $(filter file,$(origin PORT)),8100,$(PORT)) --people $(if $(filter file,$(origin PEOPLE)),5000,$(PEOPLE)) --seed $(SEED)

test: $(VENV)/.dev ## 运行全部测试（每个核一个进程）
	@$(BIN)/python -m pytest $(SPREAD)

test-long: $(VENV)/.dev ## 运行全部测试和耗时的测试（新种子、多轮随机）
	@HENGJIAN_LONG=1 $(BIN)/python -m pytest $(SPREAD)

check: $(VENV)/.dev ## 检查格式、类型、分层、参考页和泄露
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache && $(BIN)/python -m hengjian.web.browser_floor
	@$(BIN)/hengjian docs --check

fix: $(VENV)/.dev ## 自动整理格式，重写参考页
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format . && $(BIN)/hengjian docs

bench: $(VENV)/.bench ## 量速度（一百万和一千万行，约半小时，断了接着跑），写 docs/benchmarks.md
	@$(BIN)/python -m bench.audit

bench-office: $(VENV)/.office ## 量办公室的速度：一百万条疑点入库、列表、一万行的批量（约十五分钟；DATABASE_URL 指定数据库，不写就是 SQLite）
	@$(BIN)/python -m bench.office arrive
	@$(BIN)/python -m bench.office lists
	@$(BIN)/python -m bench.office_batch

bench-gate: $(VENV)/.dev ## 量闸口的速度：一百万人的历史、二十五万个知识点、每单二十行，经 HTTP（约二十分钟；OUT=文件夹）
	@for part in prepare engine http; do $(BIN)/python -m bench.gate $$part --work $(OUT)/bench-gate || exit 1; done

quality: $(VENV)/.base ## 在三座没见过的合成城市上量精确率和召回率（约三分钟），写 docs/quality.md
	@$(BIN)/python -m bench.quality

lock: $(VENV)/.dev ## 重新锁定依赖（需要 uv）
	@uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml requirements/build.in -o requirements/base.txt
	@uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra db --extra gate --extra office --extra spark --extra test --extra check --extra bench -c requirements/base.txt -o requirements/dev.txt
	@uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra office -c requirements/base.txt -o requirements/office.txt
	@uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra gate -c requirements/base.txt -o requirements/gate.txt
	@uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra bench -c requirements/base.txt -o requirements/bench.txt

clean: ## 删去环境和产出
	@rm -rf $(VENV) $(OUT) .pytest_cache .mypy_cache .ruff_cache
