# `make demo` and `make test` need Python 3.11 or newer and nothing else: they make their own
# virtual environment here, in .venv.

PYTHON ?= python3
BIN := .venv/bin
# Of `make demo`: a picture of your own, as in `make demo PHOTO=mine.jpg`.
PHOTO := examples/sand.png
ifneq ($(words $(PHOTO)),1)
$(error PHOTO must be one path without spaces: $(PHOTO))
endif
DEMO := runs/demo-$(basename $(notdir $(PHOTO)))
# A process for each core; a file's tests stay together, for the fixtures they share. In the order of their
# names: xdist would take the files with the fewest tests last, which are the longest.
PARALLEL := --numprocesses auto --dist loadfile --no-loadscope-reorder

.PHONY: demo gallery test slow lint benchmark clean

# First what is there already, then three minutes of training.
demo: .venv/installed
	$(BIN)/locogan render preset:gravel --out wallpaper-gravel.png --size 1k
	$(BIN)/locogan train '$(PHOTO)' --out '$(DEMO)' --minutes 3
	$(BIN)/locogan render '$(DEMO)' --out wallpaper.png --size 1k
	$(BIN)/locogan render '$(DEMO)' --out wallpaper-2x2.png --height 2048 --width 2048 --period 1024x1024

# docs/gallery.md and its pictures, of the presets; some minutes.
gallery: .venv/installed
	$(BIN)/pip install --quiet ./presets
	$(BIN)/python docs/make_gallery.py

test: .venv/installed
	$(BIN)/python -m pytest -q $(PARALLEL)

slow: .venv/installed
	$(BIN)/python -m pytest -q $(PARALLEL) -m slow

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

benchmark: .venv/installed
	$(BIN)/python train/benchmark.py

# A page that this repository's host can serve, of a model that was trained by `make demo`'s command.
docs/gravel.html: docs/gravel.onnx $(wildcard locogan_keras/exporting/web/page/*)
	$(BIN)/locogan export $< --to web --single-file --out $@

clean:
	rm -rf .venv '$(DEMO)' wallpaper.png wallpaper-2x2.png wallpaper-gravel.png

.venv/installed: setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
