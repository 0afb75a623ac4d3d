"""The benchmark counts right, reports right, and its models still build and train."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import inference, long_sequences, mixed, padding, picture, report, scaling
from benchmarks.adapters import keras_api
from benchmarks.workloads import WORKLOADS, Workload, batch_of, step_flops
from leftfold.engine import config
from tools.peers import PeerError, Worker

KNOWN_GFLOP = {
    "vix_simplernn50": 0.024,
    "imdb_simplernn32": 0.79,
    "imdb_simplernn256": 17.5,
    "imdb_lstm256": 70,
    "imdb_gru256": 52,
    "imdb_bilstm64": 19.3,
    "imdb_lstm128_dropout": 10,
    "textgen_lstm150_100": 10,
    "stock_lstm50x2": 0.35,
}


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_step_flops_agree_with_the_known_figures(workload: Workload) -> None:
    assert step_flops(workload) / 1e9 == pytest.approx(KNOWN_GFLOP[workload.name], rel=0.02)


def test_step_flops_of_a_dense_layer_leave_out_the_gradient_of_the_data() -> None:
    layers = (("Dense", {"units": 5}), ("Dense", {"units": 7}))
    workload = Workload("dense", layers, 2, 1, 3, "mse", "sgd")
    assert step_flops(workload) == 2 * 2 * (3 * 5) * 2 + 2 * 2 * (5 * 7) * 3


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_every_workload_trains_in_leftfold_through_the_keras_adapter(workload: Workload) -> None:
    small = workload._replace(batch=3, timesteps=4)
    x, y = batch_of(small)
    model = keras_api.build("leftfold", small._asdict(), None)
    assert math.isfinite(float(model.train_on_batch(x, y)))


def test_both_policies_of_a_workload_begin_with_the_same_weights() -> None:
    name = "imdb_bilstm64"
    small = next(w for w in WORKLOADS if w.name == name)._replace(batch=3, timesteps=4)
    models = [mixed.build(small, policy) for policy in mixed.POLICIES]
    for model in models:
        model(batch_of(small)[0])
    for plain, rounded in zip(*(model.get_weights() for model in models), strict=True):
        assert (plain == rounded).all()
    assert [model.layers[-1].dtype_policy.name for model in models] == list(mixed.POLICIES)
    assert mixed.train(models[1], batch_of(small), 2) > 0


def test_a_worker_returns_results_and_reports_failures(tmp_path: Path) -> None:
    module = tmp_path / "functions.py"
    module.write_text(
        "import os\n"
        "print('chatter')\n"
        "def double(x): return {'y': 2 * x}\n"
        "def fail(): raise ValueError('as asked')\n"
        "def die(): os._exit(3)\n"
    )
    with Worker("leftfold", module) as worker:
        assert worker.call("double", 4) == {"y": 8}
        with pytest.raises(PeerError, match="ValueError: as asked"):
            worker.call("fail")
        assert worker.call("double", x=1)["y"] == 2
        with pytest.raises(PeerError, match="ended during die"):
            worker.call("die")


@pytest.fixture
def results() -> dict[str, Any]:
    row = {
        "workload": "w",
        "gflop": 2.0,
        "peak_gflops": 400.0,
        "milliseconds": {"leftfold": 10.0, "keras-jax": 30.0, "torch": 5.0},
        "variants": {"leftfold": "fit", "keras-jax": "fit", "torch": "time first"},
        "inexact": ["torch"],
    }
    return {
        "contestants": ["leftfold", "keras-jax", "torch"],
        "machine": {"processor": "P", "threads": 2, "isa": "avx2"},
        "versions": {"leftfold": "0.1.0"},
        "rounds": 5,
        "date": "2026-01-02",
        "workloads": [row],
        "imports": {"import numpy": 100.0, "import leftfold": 20.0},
    }


def test_a_peer_that_trains_another_model_does_not_count_in_the_lead(
    results: dict[str, Any],
) -> None:
    row = results["workloads"][0]
    assert report.lead(row) == 3.0
    assert report.share(row) == pytest.approx(0.5)
    assert report.cells(row, results["contestants"]) == [
        *("w", "10", "30", "(5)", "3.00x", "2", "50%")
    ]
    row["inexact"] = []
    assert report.lead(row) == 0.5
    assert "Leftfold is slower than the best peer on w." in report.notes(results)


def test_write_docs_replaces_only_the_generated_part(
    results: dict[str, Any], tmp_path: Path
) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"before\n{report.START}\nstale\n{report.END}\nafter\n")
    report.write_docs(results, page)
    text = page.read_text()
    assert text.startswith(f"before\n{report.START}\n| workload |")
    assert text.endswith(f"{report.END}\nafter\n")
    assert "stale" not in text
    assert "P, 2 threads, avx2 kernels, 2026-01-02; medians of 5 rounds" in text
    assert "| w | 10 | 30 | (5) | 3.00x | 2 | 50% |" in text


def test_the_geometric_mean_of_the_leads_is_told(results: dict[str, Any]) -> None:
    second = {**results["workloads"][0], "milliseconds": {"leftfold": 1.0, "keras-jax": 12.0}}
    results["workloads"].append(second)
    assert report.mean_lead(results["workloads"]) == pytest.approx(6.0)
    assert "Geometric mean of the leads: 6.00x." in report.notes(results)


def test_the_picture_shows_the_times_of_exact_peers_only(results: dict[str, Any]) -> None:
    assert picture.relative_times(results["workloads"][0]) == {"keras-jax": 3.0}
    svg = ElementTree.fromstring(picture.draw(results))
    texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"w", "Keras+JAX", "3.0"} <= set(texts) and "PyTorch" not in texts


def test_a_busy_machine_is_told(results: dict[str, Any]) -> None:
    assert not any("busy" in line for line in report.notes(results))
    results["machine"]["load"] = 3.2
    assert any("kept 3.2 processors busy" in line for line in report.notes(results))


def test_the_padding_benchmark_measures_the_excess_over_the_share_of_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(padding, "BATCH", 8)
    monkeypatch.setattr(padding, "STEPS", 20)
    texts = [[1] * (5 + i % 10) for i in range(24)]
    row = padding.compare(("GRU", {"units": 4}), texts, count=2, rounds=1)
    share = sum(len(text) for text in texts[:16]) / (16 * 20)
    assert row["share_of_words"]["left"] == row["share_of_words"]["right"] == share
    for way in ("left", "right"):
        ratio = row["milliseconds"][way] / row["milliseconds"]["unmasked"]
        assert row["excess"][way] == pytest.approx(ratio / share)
    results = {"source": "made up", "share_of_words": share, "isa": "any", "threads": 1}
    row["excess"]["left"] = 2.0
    padding.report(results | {"models": {"GRU(4)": row}})
    assert "left 2.000" in capsys.readouterr().out


@pytest.mark.parametrize("mode", [None, "full"])
def test_the_benchmark_of_long_sequences_trains_in_both_modes(mode: str | None) -> None:
    found = long_sequences.train("GRU", mode, 300, 2)
    assert found["microseconds"] > 0 and found["megabytes"] >= 0
    assert found["input_megabytes"] == pytest.approx(8 * 300 * 16 * 4 / 2**20)


def test_the_lead_in_prediction_is_over_the_fastest_peer() -> None:
    row = {"milliseconds": {"leftfold": 2.0, "torch": 5.0, "onnxruntime": 3.0}}
    assert inference.lead(row) == pytest.approx(1.5)


def test_leftfold_takes_part_in_the_benchmark_of_prediction() -> None:
    workload = Workload(
        "small", (("LSTM", {"units": 4}), ("Dense", {"units": 1})), 2, 3, 5, "mse", "sgd"
    )
    x, _ = batch_of(workload)
    description = {**workload._asdict(), "vocabulary": workload.vocabulary}
    with Worker("leftfold", inference.measure.ADAPTERS / "inference_keras_api.py") as worker:
        way, first = worker.call("prepare", "leftfold", description, x)
        assert way in {"predict", "predict_on_batch"}
        assert first > 0 and worker.call("measure", 2) > 0


def test_the_slope_of_the_scaling_benchmark_is_the_power_of_the_size() -> None:
    sizes = (10, 20, 50, 400)
    for power in (0, 1, 2):
        seconds = [3e-6 * size**power for size in sizes]
        assert scaling.slope(sizes, seconds) == pytest.approx(power, abs=1e-9)


def test_the_scaling_benchmark_measures_every_size_in_turns() -> None:
    calls: list[str] = []
    times = {"a": iter([5.0, 1.0, 2.0]), "b": iter([7.0, 8.0, 9.0])}

    def way(name: str) -> Any:
        def run() -> float:
            calls.append(name)
            return next(times[name])

        return run

    assert scaling.in_turns([way("a"), way("b")], 3) == [2.0, 8.0]
    assert "".join(calls) == "baabba"


@pytest.mark.parametrize("name", ["batch", "timesteps", "units", "vocabulary", "threads"])
def test_the_scaling_benchmark_trains_the_shapes_it_names(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(scaling.Shape.__new__, "__defaults__", (2, 3, 4, 0))
    before = config.threads()
    row = scaling.growth("GRU", name, (1, 2), rounds=1, least=0)
    assert row["sizes"] == [1, 2] and all(seconds > 0 for seconds in row["seconds"])
    assert config.threads() == before


def test_a_cliff_is_marked_in_the_scaling_tables() -> None:
    shape = scaling.Shape(batch=7)
    assert step_flops(scaling.workload("LSTM", shape)) == pytest.approx(
        step_flops(scaling.workload("LSTM", shape._replace(batch=14))) / 2
    )
    machine = {"processor": "P", "threads": 2, "isa": "avx2", "peak_gflops": 400.0}
    row = {"sizes": [1, 2], "seconds": [1.0, 2.0], "slope": 1.0, "slope_of_the_larger": None}
    odd = [
        {"of": "batch", "odd": 7, "round": 8, "gflops": [10.0, 16.0], "ratio": 1.6},
        {"of": "units", "odd": 37, "round": 32, "gflops": [10.0, 12.0], "ratio": 1.2},
    ]
    results = {"date": "2026-01-02", "rounds": 3, "machine": machine}
    text = scaling.markdown(results | {"cells": {"LSTM": {"growth": {"batch": row}, "odd": odd}}})
    assert "| batch | 1: 1e+03 2: 2e+03 | 1.00 |  |" in text
    assert "| batch 7 beside 8 | 10 | 16 | 1.60 (a cliff) |" in text
    assert "| units 37 beside 32 | 10 | 12 | 1.20 |" in text
