# How the layer is built, for the processor that the including Makefile names. SAM runs it in a copy of this
# folder, but names the Makefile by its path in the project.
ROOT := $(abspath $(dir $(firstword $(MAKEFILE_LIST)))/../../..)
UV := $(or $(wildcard $(ROOT)/.tools/uv/bin/uv),$(shell command -v uv))
PYTHON := $(or $(wildcard $(ROOT)/.venv/bin/python),python3.13)
TARGET := $(ARTIFACTS_DIR)/python

INSTALL := --quiet --require-hashes --no-deps --only-binary=:all: --target $(TARGET) -r $(ROOT)/requirements/runtime.txt
# Copies: the scripts below write to files, which uv otherwise links to those of its cache and of other environments.
UV_INSTALL = $(UV) pip install $(INSTALL) --link-mode copy --python-version 3.13 --python-platform $(PROCESSOR)-manylinux2014
PIP_INSTALL = $(PYTHON) -m pip install $(INSTALL) --python-version 3.13 --platform manylinux2014_$(PROCESSOR) \
	--disable-pip-version-check --no-compile

.PHONY: build-DependenciesLayer
build-DependenciesLayer:
	@rm -rf $(TARGET)
	@$(if $(UV),$(UV_INSTALL),$(PIP_INSTALL))
	@$(PYTHON) $(ROOT)/layers/trim.py $(TARGET)
	@$(PYTHON) $(ROOT)/layers/aws_models.py $(TARGET)
	@$(PYTHON) $(ROOT)/layers/slack_sdk_parts.py $(TARGET)
	@$(PYTHON) $(ROOT)/layers/idle_parts.py $(TARGET)
	@$(PYTHON) $(ROOT)/layers/plain_types.py $(TARGET)
	@$(PYTHON) $(ROOT)/layers/precompile.py $(TARGET) /opt/python
	@$(PYTHON) $(ROOT)/layers/weigh.py "Layer, $(PROCESSOR)" $(TARGET)
