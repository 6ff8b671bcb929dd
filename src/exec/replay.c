/* The replay as callers see it: what a combo may be, chunks, lists of signals, rows. */
#include "exec/replay.h"
#include "abi/time.h"
#include "core/error.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Doubles `*capacity` where n elements fill it. */
static int32_t grow(void **array, int64_t n, int64_t *capacity, size_t size) {
  if (n < *capacity) return PLN_OK;
  const int64_t wanted = *capacity ? 2 * *capacity : 16;
  void *p = realloc(*array, (size_t)wanted * size);
  if (!p) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld items of a replay", (long long)wanted);
  *array = p;
  *capacity = wanted;
  return PLN_OK;
}

static int32_t unsupported(const char *what) {
  return pln_fail(PLN_ERR_UNSUPPORTED,
                  "a replay in lanes has no %s: run this combo in a container (pln_exec)", what);
}

/* What may be set: the fields that lanes know, and those that mean nothing for one cash-settled instrument
 * without actions, rates and gauges. */
static pln_exec_config known_exec(const pln_exec_config *c) {
  pln_exec_config e;
  memset(&e, 0, sizeof e);
  e.fill = c->fill;
  e.finalize_trades = c->finalize_trades;
  e.commission.pct = c->commission.pct;
  e.commission.per_share = c->commission.per_share;
  e.commission.per_order = c->commission.per_order;
  e.commission.minimum = c->commission.minimum;
  e.slippage_bps = c->slippage_bps;
  e.spread_bps = c->spread_bps;
  e.trade_from_ns = c->trade_from_ns;
  e.trade_until_ns = c->trade_until_ns;
  e.record_equity = c->record_equity;
  e.recorder_rows = c->recorder_rows;
  e.seed = c->seed;
  return e;
}

static pln_portfolio_config known_portfolio(const pln_portfolio_config *c) {
  pln_portfolio_config p;
  memset(&p, 0, sizeof p);
  p.capital = c->capital;
  p.leverage = c->leverage;
  p.sizing = c->sizing;
  p.sizing.max_pct = 0;
  p.sizing.reserved = 0;
  p.risk.max_position_pct = c->risk.max_position_pct;
  p.risk.max_exposure_pct = c->risk.max_exposure_pct;
  p.risk.stop_loss_pct = c->risk.stop_loss_pct;
  p.risk.take_profit_pct = c->risk.take_profit_pct;
  p.risk.trailing_stop_pct = c->risk.trailing_stop_pct;
  p.risk.max_drawdown_pct = c->risk.max_drawdown_pct;
  p.allow_short = c->allow_short;
  p.accounting = c->accounting; /* one lot is the same by all methods */
  p.maintenance_pct = c->maintenance_pct;
  p.fx_spread_bps = c->fx_spread_bps;
  p.on_leave = c->on_leave;
  return p;
}

int32_t pln_replay_check(const pln_exec_config *exec, const pln_portfolio_config *portfolio) {
  if (exec->entry_spread_bps != 0) return unsupported("entry_spread_bps");
  if (exec->record_orders) return unsupported("records of orders and fills");
  if (exec->benchmark != 0) return unsupported("second instrument");
  if (exec->fill != PLN_FILL_NEXT_OPEN && exec->fill != PLN_FILL_THIS_CLOSE)
    return unsupported("fill at the next close");
  if (portfolio->rebalance) return unsupported("rebalancing");
  if (portfolio->fill_price_quirk) return unsupported("compat mode");
  if (portfolio->sizing.type > PLN_SIZE_PERCENT_OF_EQUITY) return unsupported("sizing of that type");
  if (portfolio->margin_call) return unsupported("margin calls");
  if (portfolio->risk.trailing_stop_pct > 100) return unsupported("trailing stop of more than 100 percent");
  /* A setting that is not known is not passed over. */
  const pln_exec_config e = known_exec(exec);
  if (memcmp(&e, exec, sizeof e) != 0) return unsupported("such setting of the execution");
  const pln_portfolio_config p = known_portfolio(portfolio);
  if (memcmp(&p, portfolio, sizeof p) != 0) return unsupported("such setting of the portfolio");
  return PLN_OK;
}

static int32_t check_bars(const pln_market *m) {
  if (!m->visible_ns) return PLN_OK;
  for (int64_t i = m->next + 1; i < m->end; i++)
    if (m->visible_ns[i] <= m->visible_ns[i - 1])
      return pln_fail(PLN_ERR_UNSUPPORTED,
                      "bars %lld and %lld become visible at one time: run this in a container (pln_exec)",
                      (long long)i - 1, (long long)i);
  return PLN_OK;
}

/* Where the periods of returns end, by the definition of pln_stats. */
static int32_t find_periods(pln_replay *r, const pln_bars *bars) {
  const pln_timezone *zone = pln_timezone_get(bars->timezone);
  if (!zone) return PLN_ERR_NOT_FOUND;
  const int32_t own = bars->timeframe.unit;
  const int64_t days = own == PLN_TIMEFRAME_WEEK ? 7 : own == PLN_TIMEFRAME_MONTH ? 30 : 1;
  const pln_timeframe unit = {
      .unit = days > 1 ? own : PLN_TIMEFRAME_DAY, .count = 1, .ns = days * 86400000000000};
  const pln_market *m = &r->template->markets[0];
  int64_t capacity = 0;
  for (int64_t i = m->next; i < m->end;) {
    int64_t start_ns, until_ns;
    pln_timeframe_bucket(&unit, zone, m->ts_ns[i], &start_ns, &until_ns);
    const int64_t next = pln_bars_lower_bound(bars, until_ns);
    i = next < m->end ? next : m->end;
    int64_t same = capacity;
    int32_t status = grow((void **)&r->period_rows, r->n_periods, &same, sizeof *r->period_rows);
    if (!status) status = grow((void **)&r->period_ns, r->n_periods, &capacity, sizeof *r->period_ns);
    if (status) return status;
    r->period_ns[r->n_periods] = start_ns;
    r->period_rows[r->n_periods++] = i - 1 - r->first_row;
  }
  return PLN_OK;
}

static int32_t set_up(pln_replay *r, const pln_bars *bars, const pln_instrument *spec, int64_t from,
                      int64_t until) {
  r->template = pln_exec_new(&(pln_exec_config){.trade_from_ns = from, .trade_until_ns = until});
  r->nobody = pln_portfolio_new(
      &(pln_portfolio_config){.capital = 1, .leverage = 1, .sizing = {.type = PLN_SIZE_QUANTITY, .value = 1}},
      1);
  if (!r->template || !r->nobody) return PLN_ERR_MEMORY;
  int32_t status = pln_exec_add_instrument(r->template, bars, spec);
  if (status >= 0) status = pln_exec_add_portfolio(r->template, r->nobody);
  if (status >= 0) status = pln_exec_start(r->template);
  if (status < 0) return status;
  r->template->is_started = 0; /* its window is known; lists may still be added */
  r->first_row = r->template->markets[0].next;
  status = check_bars(&r->template->markets[0]);
  return status ? status : find_periods(r, bars);
}

pln_replay *pln_replay_new(const pln_bars *bars, const pln_instrument *spec, int64_t trade_from_ns,
                           int64_t trade_until_ns) {
  pln_instrument known;
  memset(&known, 0, sizeof known);
  known.lot_size = spec->lot_size;
  known.tick_size = spec->tick_size;
  known.multiplier = spec->multiplier;
  if (memcmp(&known, spec, sizeof known) != 0) return unsupported("such instrument"), NULL;
  pln_replay *r = calloc(1, sizeof *r);
  if (!r) return pln_fail(PLN_ERR_MEMORY, "no memory for a replay"), NULL;
  if (set_up(r, bars, spec, trade_from_ns, trade_until_ns)) {
    pln_replay_free(r);
    return NULL;
  }
  return r;
}

void pln_replay_free(pln_replay *replay) {
  if (!replay) return;
  free(replay->lanes);
  for (int32_t i = 0; replay->lists && i < replay->template->n_sources; i++) {
    free(replay->lists[i].ts_ns);
    free(replay->lists[i].directions);
  }
  free(replay->lists);
  free(replay->period_rows);
  free(replay->period_ns);
  free(replay->turns);
  free(replay->signals);
  pln_exec_free(replay->template);
  pln_portfolio_free(replay->nobody);
  free(replay);
}

int64_t pln_replay_n_rows(const pln_replay *replay) {
  return replay->template->markets[0].end - replay->first_row;
}

int64_t pln_replay_periods(const pln_replay *replay, const int64_t **last_rows) {
  if (last_rows) *last_rows = replay->period_rows;
  return replay->n_periods;
}

int32_t pln_replay_add_signals(pln_replay *replay) {
  const int32_t n = replay->template->n_sources;
  const int32_t status = grow((void **)&replay->lists, n, &replay->lists_capacity, sizeof *replay->lists);
  if (status) return status;
  const int32_t id = pln_exec_add_source(replay->template, 0, 0, 1);
  if (id < 0) return id;
  replay->lists[id] = (pln_list){.last_ns = INT64_MIN, .first_lane = -1, .last_lane = -1};
  return id;
}

/* Room for n more changes, those that are done with thrown away. */
static int32_t reserve(pln_list *list, int64_t n) {
  const size_t left = (size_t)(list->n - list->head);
  if (list->head > 0) {
    memmove(list->ts_ns, list->ts_ns + list->head, left * sizeof *list->ts_ns);
    memmove(list->directions, list->directions + list->head, left * sizeof *list->directions);
    list->n -= list->head;
    list->head = 0;
  }
  if (list->n + n <= list->capacity) return PLN_OK;
  const int64_t capacity = 2 * list->capacity + n;
  int64_t *ts_ns = realloc(list->ts_ns, (size_t)capacity * sizeof *ts_ns);
  if (ts_ns) list->ts_ns = ts_ns;
  int32_t *directions = realloc(list->directions, (size_t)capacity * sizeof *directions);
  if (directions) list->directions = directions;
  if (!ts_ns || !directions)
    return pln_fail(PLN_ERR_MEMORY, "no memory for %lld signals", (long long)capacity);
  list->capacity = capacity;
  return PLN_OK;
}

int32_t pln_replay_push_signals(pln_replay *replay, int32_t list, const pln_signal *signals, int64_t n) {
  const bool known = list >= 0 && list < replay->template->n_sources;
  pln_list *l = known ? &replay->lists[list] : NULL;
  int32_t status = pln_signals_check(replay->template, list, l ? l->last_ns : INT64_MIN, signals, n);
  if (!status) status = reserve(l, n);
  if (status || n <= 0) return status;
  int64_t end = l->n;
  int32_t direction = l->pushed;
  for (int64_t i = 0; i < n; i++) { /* what changes nothing is overwritten */
    l->ts_ns[end] = signals[i].ts_ns;
    l->directions[end] = signals[i].direction;
    end += signals[i].direction != direction;
    direction = signals[i].direction;
  }
  l->n = end;
  l->pushed = direction;
  l->last_ns = signals[n - 1].ts_ns;
  return PLN_OK;
}

int32_t pln_replay_push_rules(pln_replay *replay, const pln_hub *hub, const pln_bars *bars,
                              pln_signal_rule *const *rules, const int32_t *lists, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const int64_t rows = pln_hub_last_row(hub, rules[i]->stream) - pln_hub_first_row(hub, rules[i]->stream);
    if (rows > replay->signals_capacity) {
      pln_signal *signals = realloc(replay->signals, (size_t)rows * sizeof *signals);
      if (!signals) return pln_fail(PLN_ERR_MEMORY, "no memory for %lld signals", (long long)rows);
      replay->signals = signals;
      replay->signals_capacity = rows;
    }
    const int64_t changes = pln_rule_signals(rules[i], hub, bars, replay->signals);
    const int32_t status = pln_replay_push_signals(replay, lists[i], replay->signals, changes);
    if (status) return status;
  }
  return PLN_OK;
}

/* A portfolio is as it was made: nothing was added to it that lanes might not know. Word by word it is like
 * another one of the same settings, but for what pointers lead to. */
static int32_t check_new(const pln_portfolio *p) {
  pln_portfolio *other = pln_portfolio_new(&p->config, 1);
  if (!other) return pln_error_last()->code;
  bool same = true;
  for (size_t at = 0; at + sizeof(uint64_t) <= sizeof *p && same; at += sizeof(uint64_t)) {
    uint64_t a, b;
    memcpy(&a, (const char *)p + at, sizeof a);
    memcpy(&b, (const char *)other + at, sizeof b);
    same = a == b || (a != 0 && b != 0);
  }
  pln_portfolio_free(other);
  return same ? PLN_OK : unsupported("portfolio with something added to it, or one that was used");
}

static int32_t check_combo(const pln_replay *r, const pln_replay_combo *combo) {
  if (r->template->is_started)
    return pln_fail(PLN_ERR_STATE, "the replay has begun: no combo can be added any more");
  if (combo->signals < 0 || combo->signals >= r->template->n_sources)
    return pln_fail(PLN_ERR_ARGUMENT, "list %d of signals does not exist: there are %d", combo->signals,
                    r->template->n_sources);
  if (!isfinite(combo->weight)) return pln_fail(PLN_ERR_ARGUMENT, "the weight of a combo is not finite");
  const pln_portfolio *p = combo->portfolio;
  if (p->n_instruments != 1)
    return pln_fail(PLN_ERR_ARGUMENT, "the portfolio of a combo was made for %d instruments, expected 1",
                    p->n_instruments);
  if (p->bound) return pln_fail(PLN_ERR_STATE, "the portfolio belongs to a container or a combo already");
  const pln_exec_config *window = &r->template->config;
  const int64_t from = combo->exec.trade_from_ns ? combo->exec.trade_from_ns : INT64_MIN;
  const int64_t until = combo->exec.trade_until_ns ? combo->exec.trade_until_ns : INT64_MAX;
  if (from != window->trade_from_ns || until != window->trade_until_ns)
    return pln_fail(PLN_ERR_ARGUMENT, "the trading window of a combo is not that of the replay");
  const int32_t status = check_new(p);
  return status ? status : pln_replay_check(&combo->exec, &p->config);
}

int32_t pln_replay_add_combo(pln_replay *replay, const pln_replay_combo *combo) {
  int32_t status = check_combo(replay, combo);
  if (!status) status = grow((void **)&replay->lanes, replay->n_lanes, &replay->capacity, sizeof(pln_lane));
  if (status) return status;
  pln_exec *costs = pln_exec_new(&combo->exec); /* checks the amounts and turns them into rates */
  if (!costs) return pln_error_last()->code;
  const pln_market *m = &replay->template->markets[0];
  pln_portfolio *p = combo->portfolio;
  const int32_t id = replay->n_lanes++;
  pln_list *list = &replay->lists[combo->signals];
  const bool is_sweep = combo->stats && combo->stats->is_sweep;
  replay->lanes[id] =
      (pln_lane){.portfolio = p,
                 .costs = costs->costs,
                 .concession = costs->concession,
                 .weight = combo->weight,
                 .falls = {.peak = -INFINITY, .low = INFINITY},
                 .fill = combo->exec.fill,
                 .finalize = combo->exec.finalize_trades,
                 .is_sweep = is_sweep,
                 .has_periods = is_sweep || combo->period_equity,
                 .has_rows = (combo->stats && !is_sweep) || combo->regimes || combo->equity || combo->cash ||
                             combo->exposure || combo->gross,
                 .gives_trades = combo->stats || combo->regimes || combo->keep_trades,
                 .is_protected = p->config.risk.stop_loss_pct > 0 || p->config.risk.take_profit_pct > 0,
                 .next = -1,
                 .combo = *combo};
  pln_exec_free(costs);
  pln_portfolio_bind(p, 0, &m->spec);
  p->bound = 1;
  if (m->next > 0) p->positions[0].last_price = m->close[m->next - 1];
  *(list->last_lane < 0 ? &list->first_lane : &replay->lanes[list->last_lane].next) = id;
  list->last_lane = id;
  return id;
}

/* The list's changes of direction up to horizon_ns, one turn for each instant. */
static int64_t make_turns(pln_replay *r, int32_t list, int64_t horizon_ns) {
  pln_list *l = &r->lists[list];
  const int64_t first_ns =
      r->template->first_ns; /* levels from before the window are in force at its first instant */
  if (first_ns == INT64_MAX) return 0;
  int64_t n = 0;
  while (l->head < l->n) {
    const int64_t t = l->ts_ns[l->head] > first_ns ? l->ts_ns[l->head] : first_ns;
    if (t > horizon_ns) break;
    do l->head++;
    while (l->head < l->n && l->ts_ns[l->head] <= t);
    const int32_t status = grow((void **)&r->turns, n, &r->turns_capacity, sizeof *r->turns);
    if (status) return status;
    const int64_t bar = pln_chunk_find(&r->chunk, t);
    r->turns[n++] = (pln_turn){.ts_ns = t,
                               .bar = (int32_t)bar,
                               .direction = l->directions[l->head - 1],
                               .is_exact = bar >= 0 && r->chunk.visible_ns[bar] == t};
  }
  return n;
}

static void give_rows(pln_lane *lane, const pln_equity_rows *rows, int64_t first_row) {
  const pln_replay_combo *o = &lane->combo;
  const size_t n = (size_t)rows->n_rows;
  if (o->equity) memcpy(o->equity + first_row, rows->equity, n * sizeof *rows->equity);
  if (o->cash) memcpy(o->cash + first_row, rows->cash, n * sizeof *rows->cash);
  if (o->exposure) memcpy(o->exposure + first_row, rows->exposure, n);
  if (o->gross) memcpy(o->gross + first_row, rows->gross, n * sizeof *rows->gross);
  if (o->regimes && !lane->result.status)
    lane->result.status = pln_regime_stats_add_rows(o->regimes, rows->equity, rows->n_rows);
  if (o->stats && !lane->is_sweep && !lane->result.status)
    lane->result.status = pln_stats_add_rows(o->stats, rows);
}

static void give_trades(pln_lane *lane) {
  pln_portfolio *p = lane->portfolio;
  const pln_replay_combo *o = &lane->combo;
  if ((o->stats || o->regimes) && p->n_trades > 0) {
    int64_t first = p->n_trades;
    while (first > 0 && p->trades[first - 1].id > lane->told) first--;
    const int32_t status = pln_lane_tell_trades(lane, p->trades + first, p->n_trades - first);
    if (status && !lane->result.status) lane->result.status = status;
    lane->told = p->trades[p->n_trades - 1].id;
  }
  if (!o->keep_trades) p->n_trades = 0;
}

static void replay_bars(pln_lane *lane, const pln_market *m, pln_chunk *c, const pln_turn *turns,
                        int64_t n_turns) {
  const bool at_close = lane->fill == PLN_FILL_THIS_CLOSE;
  for (int64_t i = 0, t = 0;;) {
    for (; t < n_turns && turns[t].bar < i; t++) {
      pln_lane_turn(lane, m, &turns[t]);
      if (at_close && turns[t].is_exact && pln_lane_waits(lane)) pln_lane_fill_close(lane, m, c, i - 1);
    }
    if (i == c->n || lane->result.status) return;
    const int64_t until = t < n_turns ? turns[t].bar + 1 : c->n;
    const int64_t quiet = until < c->end_rows ? until : c->end_rows;
    if (!pln_lane_waits(lane)) i = pln_span_take(lane, c, i, quiet);
    if (i == until) continue;
    pln_lane_bar(lane, m, c, i);
    const bool goes_on = t < n_turns && turns[t].bar == i && turns[t].is_exact;
    if (at_close && !goes_on && pln_lane_waits(lane)) pln_lane_fill_close(lane, m, c, i);
    i++;
  }
}

static void replay_chunk(pln_lane *lane, const pln_market *m, pln_chunk *c, const pln_turn *turns,
                         int64_t n_turns) {
  if (lane->result.status) return;
  replay_bars(lane, m, c, turns, n_turns);
  if (lane->result.status) return;
  if (lane->has_rows && c->end_rows > 0)
    give_rows(lane,
              &(pln_equity_rows){.n_rows = c->end_rows,
                                 .capacity = c->end_rows,
                                 .ts_ns = c->ts_ns,
                                 .equity = c->equity,
                                 .cash = c->cash,
                                 .benchmark = c->close,
                                 .exposure = c->exposure,
                                 .gross = c->gross},
              c->first_row);
  give_trades(lane);
}

/* Bars that are visible at until_ns, from the next one on; at most a chunk. */
static int64_t bars_until(const pln_market *m, int64_t until_ns) {
  int64_t low = m->next, high = m->end < m->next + PLN_SPAN_CHUNK ? m->end : m->next + PLN_SPAN_CHUNK;
  while (low < high) {
    const int64_t mid = low + (high - low) / 2;
    if (pln_market_visible(m, mid) <= until_ns)
      low = mid + 1;
    else
      high = mid;
  }
  return low - m->next;
}

static void fetch_lines(const void *block, size_t size) {
  for (size_t at = 0; at < size; at += 64) __builtin_prefetch((const char *)block + at, 1);
}

/* State of the lanes after this one, on its way into the cache while this one is replayed; what a pointer
 * leads to, one lane after the pointer. */
static void fetch_lanes(const pln_replay *r, int32_t i) {
  const pln_lane *lane = &r->lanes[i];
  const int32_t left = r->n_lanes - 1 - i;
  if (left >= 4) fetch_lines(lane + 4, sizeof *lane);
  if (left >= 3) fetch_lines(lane[3].portfolio, offsetof(pln_portfolio, refusals));
  if (left >= 2 && lane[2].is_sweep) {
    fetch_lines(&lane[2].combo.stats->trades, sizeof(pln_trade_sums));
    fetch_lines(&lane[2].combo.stats->exposure, sizeof(pln_exposure));
  }
  if (left >= 2) fetch_lines(lane[2].portfolio->holdings, sizeof(pln_holding));
  if (left >= 2) fetch_lines(lane[2].portfolio->positions, sizeof(pln_position));
  if (left >= 1 && lane[1].portfolio->holdings->lots)
    fetch_lines(lane[1].portfolio->holdings->lots, sizeof(pln_lot));
}

static void fetch_list(const pln_list *list) {
  if (list->head == list->n) return;
  fetch_lines(list->ts_ns + list->head, 128);
  fetch_lines(list->directions + list->head, 64);
}

static int32_t run_chunk(pln_replay *r, int64_t until_ns) {
  pln_market *m = &r->template->markets[0];
  pln_chunk *c = &r->chunk;
  const int64_t n = bars_until(m, until_ns), next = m->next + n;
  pln_chunk_make(c, m, m->next, n);
  c->period_rows = r->period_rows;
  c->period_ns = r->period_ns;
  c->n_periods = r->n_periods;
  c->first_row = m->next - r->first_row;
  int64_t horizon_ns = until_ns;
  if (next < m->end && pln_market_visible(m, next) <= until_ns) horizon_ns = pln_market_visible(m, next) - 1;
  m->next = next;
  for (int32_t list = 0; list < r->template->n_sources; list++) {
    if (list + 2 < r->template->n_sources) fetch_list(&r->lists[list + 2]);
    const int64_t n_turns = make_turns(r, list, horizon_ns);
    if (n_turns < 0) return r->status = (int32_t)n_turns;
    for (int32_t i = r->lists[list].first_lane; i >= 0; i = r->lanes[i].next) {
      fetch_lanes(r, i);
      replay_chunk(&r->lanes[i], m, c, r->turns, n_turns);
    }
  }
  r->template->horizon_ns = horizon_ns;
  return PLN_OK;
}

int32_t pln_replay_run(pln_replay *replay, int64_t until_ns) {
  if (replay->is_finished) return pln_fail(PLN_ERR_STATE, "the replay is finished");
  replay->template->is_started = 1;
  while (!replay->status && replay->template->horizon_ns < until_ns) run_chunk(replay, until_ns);
  for (int32_t i = 0; i < replay->n_lanes; i++) {
    pln_portfolio *p = replay->lanes[i].portfolio;
    pln_portfolio_refresh(p, 0);
    pln_portfolio_revalue(p);
  }
  return replay->status;
}

static void give_totals(const pln_replay *r, const pln_lane *lane, double equity) {
  const pln_market *m = &r->template->markets[0];
  const pln_replay_result *of = &lane->result;
  const int64_t n = m->end - r->first_row, period = r->n_periods - 1;
  pln_stats_take_totals(
      lane->combo.stats,
      &(pln_row_totals){.n_rows = n,
                        .start_ns = m->ts_ns[r->first_row],
                        .end_ns = m->ts_ns[m->end - 1],
                        .equity_last = equity,
                        .benchmark = m->close + r->first_row,
                        .drawdowns = lane->falls,
                        .exposed_rows = of->exposed_rows,
                        .exposed_until_close = of->exposed_until_close,
                        .long_rows = of->long_rows,
                        .short_rows = of->short_rows,
                        .period_start_ns = r->period_ns[period],
                        .period_rows = n - 1 - (period > 0 ? r->period_rows[period - 1] : -1)});
}

/* The last row, which finalising may have changed. */
static void finish_lane(pln_replay *r, pln_lane *lane) {
  const pln_market *m = &r->template->markets[0];
  const pln_account *a = &lane->portfolio->account;
  const int64_t last = m->end - 1, row = last - r->first_row;
  /* The latest instant; there are none where the window has no bar. */
  int64_t now_ns = 0;
  if (row >= 0) {
    now_ns = pln_market_visible(m, last);
    const int64_t signal_ns = r->lists[lane->combo.signals].last_ns;
    if (signal_ns > now_ns) now_ns = signal_ns;
  }
  pln_lane_finish(lane, m, now_ns);
  if (row >= 0) {
    const double equity = a->equity, cash = a->cash;
    const int8_t bits = (int8_t)lane->row_bits;
    pln_lane_equity(lane, row, m->ts_ns[last], equity);
    pln_lane_commit(lane);
    if (lane->combo.period_equity) lane->combo.period_equity[r->n_periods - 1] = equity;
    if (lane->has_rows)
      give_rows(lane,
                &(pln_equity_rows){.n_rows = 1,
                                   .capacity = 1,
                                   .ts_ns = m->ts_ns + last,
                                   .equity = &equity,
                                   .cash = &cash,
                                   .benchmark = m->close + last,
                                   .exposure = &bits,
                                   .gross = &a->gross_exposure},
                row);
    pln_drawdowns falls = lane->falls; /* up to the end */
    if (row > falls.peak_row) pln_drawdowns_close(&falls, row, m->ts_ns[last]);
    lane->result.equity_peak = falls.peak;
    lane->result.max_drawdown = falls.deepest;
    if (lane->is_sweep) give_totals(r, lane, equity);
  }
  lane->result.equity_final = a->equity;
  give_trades(lane);
}

int32_t pln_replay_finish(pln_replay *replay) {
  const int32_t status = pln_replay_run(replay, INT64_MAX);
  if (status) return status;
  for (int32_t i = 0; i < replay->n_lanes; i++)
    if (!replay->lanes[i].result.status) finish_lane(replay, &replay->lanes[i]);
  replay->is_finished = 1;
  return PLN_OK;
}

const pln_replay_result *pln_replay_result_of(const pln_replay *replay, int32_t combo) {
  return combo >= 0 && combo < replay->n_lanes ? &replay->lanes[combo].result : NULL;
}
