#!/usr/bin/env python3
"""The vectorbt side of bench/sweep: one case a process, one JSON line.

    vectorbt_side.py CASE --data FILE.npz… [--piece N] [--workers N] [--figures] [--equity]

A column is a combo. Signals are known at a bar's close and traded at the next bar's open: they are shifted by one row and
the price is the open. Columns go in pieces of N, since vectorbt holds several doubles for each bar and column.
"""
import argparse
import gc
import itertools
import json
import multiprocessing
import resource
import time

T_START = time.perf_counter()
import numpy as np  # noqa: E402
import vectorbt as vbt  # noqa: E402

T_IMPORT = time.perf_counter() - T_START

FEES, SLIPPAGE, SIZE, CASH = 0.0002, 0.0001, 100.0, 100000.0


def load(path):
    kept = np.load(path)
    return {name: kept[name] for name in ("open", "high", "low", "close")}


def price(bars, name):
    """As one column, which vectorbt broadcasts without a copy for each combo."""
    return bars[name][:, None]


def averages(close, windows):
    """vectorbt's own moving average, once for each distinct window: { window: column }."""
    made = vbt.MA.run(close, window=windows, short_name="ma").ma.to_numpy()
    return dict(zip(windows, made.T))


def shifted(flags):
    out = np.zeros_like(flags)
    out[1:] = flags[:-1]
    return out


def figures(portfolio, which):
    """What Perilune's sweep keeps of a combo, as far as vectorbt has it."""
    final = np.atleast_1d(np.asarray(portfolio.final_value()))
    if which:
        portfolio.total_return()
        portfolio.max_drawdown()
        portfolio.sharpe_ratio()
        portfolio.trades.count()
        portfolio.trades.win_rate()
    return final


def cross(bars, combos, piece, which):
    close = bars["close"]
    windows = sorted({w for combo in combos for w in combo})
    columns = averages(close, windows)
    finals = []
    for first in range(0, len(combos), piece):
        part = combos[first:first + piece]
        long = np.empty((len(close), len(part)), dtype=bool)
        short = np.empty_like(long)
        for k, (fast, slow) in enumerate(part):
            long[:, k] = shifted(columns[fast] > columns[slow])
            short[:, k] = shifted(columns[fast] < columns[slow])
        portfolio = vbt.Portfolio.from_signals(
            price(bars, "close"), entries=long, short_entries=short, price=price(bars, "open"), size=SIZE,
            init_cash=CASH, fees=FEES, slippage=SLIPPAGE, freq="1min")
        finals.append(figures(portfolio, which))
        del portfolio
        gc.collect()  # results refer to each other: without this the memory of several pieces adds up
    return np.concatenate(finals)


def stops(bars, values, piece, which):
    """One crossing of averages, replayed with stops from `values` (fractions)."""
    close = bars["close"]
    columns = averages(close, [20, 60])
    above, below = columns[20] > columns[60], columns[20] < columns[60]
    long, short = np.zeros(len(close), dtype=bool), np.zeros(len(close), dtype=bool)
    long[2:] = above[1:-1] & ~above[:-2]
    short[2:] = below[1:-1] & ~below[:-2]
    finals = []
    for first in range(0, len(values), piece):
        portfolio = vbt.Portfolio.from_signals(
            price(bars, "close"), entries=long[:, None], short_entries=short[:, None], price=price(bars, "open"),
            open=price(bars, "open"), high=price(bars, "high"), low=price(bars, "low"),
            sl_stop=np.asarray(values[first:first + piece])[None, :], size=SIZE, init_cash=CASH, fees=FEES,
            slippage=SLIPPAGE, freq="1min")
        finals.append(figures(portfolio, which))
        del portfolio
        gc.collect()  # results refer to each other: without this the memory of several pieces adds up
    return np.concatenate(finals)


def grid(n):
    if n == 100:
        return list(itertools.product(range(5, 24, 2), range(30, 148, 13)))
    return list(itertools.product(range(5, 30), range(30, 148, 3)))


def work(job):
    case, path, items, piece, which = job
    bars = load(path)
    return (cross if case == "cross" else stops)(bars, items, piece, which)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=["cross", "stops"])
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--combos", type=int, default=1000, choices=[100, 1000])
    parser.add_argument("--piece", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--figures", action="store_true")
    parser.add_argument("--equity", action="store_true", help="print every final equity")
    args = parser.parse_args()
    items = grid(args.combos) if args.case == "cross" else [(0.1 + 0.002 * k) / 100 for k in range(args.combos)]

    # Compile (or load from numba's cache) what will run, on a few bars.
    start = time.perf_counter()
    few = {name: column[:300] for name, column in load(args.data[0]).items()}
    (cross if args.case == "cross" else stops)(few, items[:2], 2, args.figures)
    compile_s = time.perf_counter() - start

    start, used = time.perf_counter(), time.process_time()
    jobs = []
    for path in args.data:
        share = -(-len(items) // args.workers)
        jobs += [(args.case, path, items[k:k + share], args.piece, args.figures) for k in range(0, len(items), share)]
    if args.workers == 1:
        finals = [work(job) for job in jobs]
    else:
        with multiprocessing.get_context("fork").Pool(args.workers) as pool:
            finals = pool.map(work, jobs, chunksize=1)
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    finals = np.concatenate(finals)
    n_bars = sum(len(load(path)["close"]) for path in args.data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak += args.workers * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if args.workers > 1 else 0
    cpu += resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime if args.workers > 1 else 0
    print(json.dumps({
        "seconds": seconds, "cpu": cpu, "import": T_IMPORT, "compile": compile_s, "peak_kb": peak,
        "bars_combos": n_bars * len(items), "first": finals[0], "last": finals[-1], "sum": float(finals.sum()),
        **({"equity": finals.tolist()} if args.equity else {}),
    }))


if __name__ == "__main__":
    main()
