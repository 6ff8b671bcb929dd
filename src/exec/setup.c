#include "core/error.h"
#include "exec/exec.h"
#include <stdlib.h>
#include <string.h>

static int32_t check_amount(const char *name, double value) {
  if (isfinite(value) && value >= 0) return PLN_OK;
  return pln_fail(PLN_ERR_ARGUMENT, "%s is %g, expected a number that is not negative", name, value);
}

static int32_t check_config(const pln_exec_config *c) {
  if (c->fill < PLN_FILL_NEXT_OPEN || c->fill > PLN_FILL_NEXT_CLOSE)
    return pln_fail(PLN_ERR_ARGUMENT, "fill policy %d does not exist", c->fill);
  if (c->intrabar < PLN_INTRABAR_PESSIMISTIC || c->intrabar > PLN_INTRABAR_AS_MADE)
    return pln_fail(PLN_ERR_ARGUMENT, "intrabar policy %d does not exist", c->intrabar);
  if (c->off_tick < PLN_OFF_STEP_ROUND || c->off_tick > PLN_OFF_STEP_REJECT ||
      c->off_lot < PLN_OFF_STEP_ROUND || c->off_lot > PLN_OFF_STEP_REJECT)
    return pln_fail(PLN_ERR_ARGUMENT, "off_tick %d, off_lot %d: expected 0 or 1", c->off_tick, c->off_lot);
  int32_t status = check_amount("commission_pct", c->commission.pct);
  if (!status) status = check_amount("commission per share", c->commission.per_share);
  if (!status) status = check_amount("commission per order", c->commission.per_order);
  if (!status) status = check_amount("minimum commission", c->commission.minimum);
  if (!status) status = check_amount("slippage_bps", c->slippage_bps);
  if (!status) status = check_amount("spread_bps", c->spread_bps);
  if (!status) status = check_amount("entry_spread_bps", c->entry_spread_bps);
  if (!status) status = check_amount("max_volume_pct", c->max_volume_pct);
  if (!status && c->slippage_bps + c->spread_bps / 2 + c->entry_spread_bps >= 10000)
    status = pln_fail(PLN_ERR_ARGUMENT,
                      "slippage and spread of %g bps leave a seller nothing: expected below 10000",
                      c->slippage_bps + c->spread_bps / 2 + c->entry_spread_bps);
  if (!status && c->recorder_rows < 0)
    status = pln_fail(PLN_ERR_ARGUMENT, "recorder_rows is %d, expected 0 or more", c->recorder_rows);
  return status;
}

pln_exec *pln_exec_new(const pln_exec_config *config) {
  if (check_config(config)) return NULL;
  pln_exec *x = calloc(1, sizeof *x);
  if (!x) return pln_fail(PLN_ERR_MEMORY, "no memory for an execution container"), NULL;
  x->config = *config;
  if (x->config.trade_from_ns == 0) x->config.trade_from_ns = INT64_MIN;
  if (x->config.trade_until_ns == 0) x->config.trade_until_ns = INT64_MAX;
  x->costs = (pln_costs){.rate = config->commission.pct / 100.0,
                         .per_unit = config->commission.per_share,
                         .per_order = config->commission.per_order,
                         .minimum = config->commission.minimum};
  x->concession = (config->slippage_bps + config->spread_bps / 2) / 10000.0;
  x->entry_concession = config->entry_spread_bps / 10000.0;
  x->horizon_ns = x->row_ns = INT64_MIN;
  x->next_event_ns = x->last_ns = INT64_MAX;
  x->benchmark_close = NAN;
  x->view.row = -1;
  x->models.accrue_ns = INT64_MAX;
  if (config->fill == PLN_FILL_NEXT_CLOSE) x->extras |= PLN_EXTRA_CLOSES;
  return x;
}

void pln_exec_free(pln_exec *exec) {
  if (!exec) return;
  for (int32_t i = 0; i < exec->n_sources; i++) free(exec->sources[i].signals);
  free(exec->sources);
  for (int32_t k = 0; k < exec->n_markets; k++) free(exec->markets[k].actions);
  free(exec->markets);
  free(exec->portfolios);
  pln_gauges_free(&exec->gauges);
  pln_rules_free(&exec->rules);
  pln_review_free(exec->review);
  pln_models_free(&exec->models, exec->n_markets);
  free(exec->asks.exits);
  free(exec->agendas);
  free(exec->openings);
  free(exec->targets);
  free(exec->pending);
  free(exec->orders);
  free(exec->fills);
  free(exec->snapshot);
  free(exec->keys);
  free(exec->rooms);
  pln_trial_free(&exec->trial);
  pln_trial_free(&exec->kill);
  free(exec);
}

static int32_t check_open(const pln_exec *x) {
  return x->is_started ? pln_fail(PLN_ERR_STATE, "the run has begun: nothing can be added any more") : PLN_OK;
}

static int32_t check_margin(const char *name, int32_t type, double value) {
  if (type < PLN_MARGIN_BY_LEVERAGE || type > PLN_MARGIN_PERCENT)
    return pln_fail(PLN_ERR_ARGUMENT, "type %d of the %s margin does not exist", type, name);
  if (type == PLN_MARGIN_BY_LEVERAGE || (isfinite(value) && value > 0)) return PLN_OK;
  return pln_fail(PLN_ERR_ARGUMENT, "the %s margin is %g, expected more than 0", name, value);
}

int32_t pln_exec_add_instrument(pln_exec *exec, const pln_bars *bars, const pln_instrument *spec) {
  if (check_open(exec)) return PLN_ERR_STATE;
  if (exec->n_portfolios > 0 || exec->gauges.n_gauges > 0)
    return pln_fail(PLN_ERR_STATE, "instruments have to be added before the first portfolio or gauge");
  if (!(isfinite(spec->lot_size) && spec->lot_size > 0))
    return pln_fail(PLN_ERR_ARGUMENT, "lot_size is %g, expected more than 0", spec->lot_size);
  if (!(isfinite(spec->multiplier) && spec->multiplier > 0))
    return pln_fail(PLN_ERR_ARGUMENT, "multiplier is %g, expected more than 0", spec->multiplier);
  if (!(isfinite(spec->tick_size) && spec->tick_size >= 0))
    return pln_fail(PLN_ERR_ARGUMENT, "tick_size is %g, expected 0 (none) or more", spec->tick_size);
  if (spec->settlement != PLN_SETTLE_CASH && spec->settlement != PLN_SETTLE_FUTURES)
    return pln_fail(PLN_ERR_ARGUMENT, "settlement %d does not exist", spec->settlement);
  int32_t status = check_margin("initial", spec->margin_type, spec->margin_initial);
  if (!status) status = check_margin("maintenance", spec->maintenance_type, spec->margin_maintenance);
  if (!status && spec->margin_type == spec->maintenance_type &&
      spec->margin_maintenance > spec->margin_initial)
    status = pln_fail(PLN_ERR_ARGUMENT, "the maintenance margin is %g, above the initial margin of %g",
                      spec->margin_maintenance, spec->margin_initial);
  if (status) return status;
  pln_market *markets = realloc(exec->markets, (size_t)(exec->n_markets + 1) * sizeof *markets);
  if (!markets) return pln_fail(PLN_ERR_MEMORY, "no memory for %d instruments", exec->n_markets + 1);
  exec->markets = markets;
  pln_market *m = &markets[exec->n_markets];
  *m = (pln_market){.bars = bars,
                    .ts_ns = bars->ts_ns,
                    .visible_ns = bars->visible_ns,
                    .length_ns = bars->timeframe.ns,
                    .open = bars->open,
                    .high = bars->high,
                    .low = bars->low,
                    .close = bars->close,
                    .spec = *spec};
  if (spec->tick_size > 0) m->tick = pln_step_make(spec->tick_size);
  return exec->n_markets++;
}

int32_t pln_exec_set_calendar(pln_exec *exec, int32_t instrument, const pln_calendar *calendar) {
  if (check_open(exec)) return PLN_ERR_STATE;
  if (instrument < 0 || instrument >= exec->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d does not exist: there are %d", instrument,
                    exec->n_markets);
  exec->markets[instrument].calendar = calendar;
  return PLN_OK;
}

static int32_t check_quote(const pln_market *m, const pln_bars *quote, const char *side) {
  if (quote->n_bars != m->bars->n_bars)
    return pln_fail(PLN_ERR_ARGUMENT, "%lld %s bars for %lld bars of the instrument: expected one for each",
                    (long long)quote->n_bars, side, (long long)m->bars->n_bars);
  for (int64_t i = 0; i < quote->n_bars; i++)
    if (quote->ts_ns[i] != m->ts_ns[i])
      return pln_fail(PLN_ERR_ARGUMENT, "%s bar %lld is of another time than the instrument's", side,
                      (long long)i);
  return PLN_OK;
}

int32_t pln_exec_set_quotes(pln_exec *exec, int32_t instrument, const pln_bars *bid, const pln_bars *ask) {
  if (check_open(exec)) return PLN_ERR_STATE;
  if (instrument < 0 || instrument >= exec->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d does not exist: there are %d", instrument,
                    exec->n_markets);
  if (!bid != !ask) return pln_fail(PLN_ERR_ARGUMENT, "quotes are bid and ask bars, both or none");
  pln_market *m = &exec->markets[instrument];
  int32_t status = bid ? check_quote(m, bid, "bid") : PLN_OK;
  if (!status && ask) status = check_quote(m, ask, "ask");
  if (status) return status;
  m->bid = bid;
  m->ask = ask;
  return PLN_OK;
}

int32_t pln_exec_add_portfolio(pln_exec *exec, pln_portfolio *portfolio) {
  if (check_open(exec)) return PLN_ERR_STATE;
  if (exec->n_markets == 0)
    return pln_fail(PLN_ERR_STATE, "a portfolio needs an instrument: add those first");
  if (portfolio->n_instruments != exec->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "the portfolio was made for %d instruments, but there are %d",
                    portfolio->n_instruments, exec->n_markets);
  if (portfolio->bound)
    return pln_fail(PLN_ERR_STATE, "the portfolio belongs to an execution container already");
  pln_portfolio **portfolios = realloc(exec->portfolios, (size_t)(exec->n_portfolios + 1) * sizeof(void *));
  if (!portfolios) return pln_fail(PLN_ERR_MEMORY, "no memory for %d portfolios", exec->n_portfolios + 1);
  exec->portfolios = portfolios;
  if (exec->config.record_equity) {
    const int32_t rows = exec->config.recorder_rows ? exec->config.recorder_rows : 8192;
    const int32_t status = pln_recorder_reserve(portfolio, rows);
    if (status) return status;
  }
  for (int32_t k = 0; k < exec->n_markets; k++) pln_portfolio_bind(portfolio, k, &exec->markets[k].spec);
  portfolio->bound = 1;
  portfolio->gauges = &exec->gauges;
  portfolio->now_ns = &exec->view.now_ns;
  portfolio->row = &exec->view.n_rows;
  portfolios[exec->n_portfolios] = portfolio;
  return exec->n_portfolios++;
}

int32_t pln_exec_add_book(pln_exec *exec, int32_t portfolio, pln_portfolio *book) {
  if (portfolio < 0 || portfolio >= exec->n_portfolios || exec->portfolios[portfolio]->master)
    return pln_fail(PLN_ERR_ARGUMENT, "there is no portfolio %d that could be divided into books", portfolio);
  pln_portfolio *master = exec->portfolios[portfolio];
  if (master->config.margin_call || master->config.fill_price_quirk || book->config.fill_price_quirk)
    return pln_fail(PLN_ERR_UNSUPPORTED,
                    "an account with a margin call policy, or in compat mode, has no books");
  for (int32_t i = 0; i < exec->n_sources; i++)
    if (exec->sources[i].portfolio == portfolio)
      return pln_fail(PLN_ERR_STATE, "portfolio %d has a source of its own: those go to its books",
                      portfolio);
  const int32_t id = pln_exec_add_portfolio(exec, book);
  if (id < 0) return id;
  const int32_t status = pln_books_add(master, book);
  exec->has_books = 1;
  return status ? status : id;
}

int32_t pln_exec_add_gauge(pln_exec *exec) {
  if (exec->n_markets == 0) return pln_fail(PLN_ERR_STATE, "a gauge needs an instrument: add those first");
  exec->gauges.n_instruments = exec->n_markets;
  return pln_gauges_add(&exec->gauges);
}

int32_t pln_exec_set_gauge(pln_exec *exec, int32_t gauge, int32_t instrument, const pln_bars *bars,
                           const double *column) {
  if (gauge < 0 || gauge >= exec->gauges.n_gauges)
    return pln_fail(PLN_ERR_ARGUMENT, "gauge %d does not exist: there are %d", gauge, exec->gauges.n_gauges);
  if (instrument < 0 || instrument >= exec->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d does not exist: there are %d", instrument,
                    exec->n_markets);
  pln_gauges_set(&exec->gauges, gauge, instrument, bars, column);
  return PLN_OK;
}

static int32_t add_source(pln_exec *x, const pln_source *made) {
  if (check_open(x)) return PLN_ERR_STATE;
  if (made->portfolio < 0 || made->portfolio >= x->n_portfolios)
    return pln_fail(PLN_ERR_ARGUMENT, "portfolio %d does not exist: there are %d", made->portfolio,
                    x->n_portfolios);
  if (x->portfolios[made->portfolio]->n_books > 0)
    return pln_fail(PLN_ERR_ARGUMENT, "portfolio %d is divided into books, which have the sources",
                    made->portfolio);
  if (x->n_sources == x->sources_capacity) {
    const int32_t capacity = x->sources_capacity ? 2 * x->sources_capacity : 4;
    pln_source *sources = realloc(x->sources, (size_t)capacity * sizeof *sources);
    if (!sources) return pln_fail(PLN_ERR_MEMORY, "no memory for %d sources", capacity);
    x->sources = sources;
    x->sources_capacity = capacity;
  }
  x->sources[x->n_sources] = *made;
  return x->n_sources++;
}

int32_t pln_exec_add_source(pln_exec *exec, int32_t portfolio, int32_t instrument, double weight) {
  if (instrument < 0 || instrument >= exec->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d does not exist: there are %d", instrument,
                    exec->n_markets);
  if (!isfinite(weight)) return pln_fail(PLN_ERR_ARGUMENT, "the weight of a source is not finite");
  return add_source(exec, &(pln_source){.kind = PLN_SOURCE_SIGNALS,
                                        .portfolio = portfolio,
                                        .instrument = instrument,
                                        .weight = weight,
                                        .strength = 1});
}

int32_t pln_exec_add_caller(pln_exec *exec, int32_t portfolio, const pln_bars *schedule) {
  const int32_t id = add_source(exec, &(pln_source){.kind = PLN_SOURCE_CALLER,
                                                    .portfolio = portfolio,
                                                    .instrument = -1,
                                                    .ts_ns = schedule->ts_ns,
                                                    .visible_ns = schedule->visible_ns,
                                                    .length_ns = schedule->timeframe.ns,
                                                    .end = schedule->n_bars});
  if (id >= 0) exec->n_callers++;
  return id;
}

int32_t pln_exec_add_timer(pln_exec *exec, int32_t caller, const int64_t *times_ns, int64_t n) {
  if (caller < 0 || caller >= exec->n_sources || exec->sources[caller].kind != PLN_SOURCE_CALLER)
    return pln_fail(PLN_ERR_ARGUMENT, "%d is not a caller of this container", caller);
  for (int64_t i = 1; i < n; i++)
    if (times_ns[i] <= times_ns[i - 1])
      return pln_fail(PLN_ERR_ARGUMENT, "time %lld of a timer is not after the one before", (long long)i);
  const int32_t id = add_source(exec, &(pln_source){.kind = PLN_SOURCE_CALLER,
                                                    .portfolio = exec->sources[caller].portfolio,
                                                    .instrument = -1,
                                                    .ts_ns = times_ns,
                                                    .is_timer = 1,
                                                    .end = n});
  if (id >= 0) exec->n_callers++;
  return id;
}

int32_t pln_exec_set_first_row(pln_exec *exec, int32_t caller, int64_t row) {
  if (caller < 0 || caller >= exec->n_sources || exec->sources[caller].kind != PLN_SOURCE_CALLER)
    return pln_fail(PLN_ERR_ARGUMENT, "%d is not a caller of this container", caller);
  if (row < 0) return pln_fail(PLN_ERR_ARGUMENT, "first row %lld, expected 0 or more", (long long)row);
  pln_source *s = &exec->sources[caller];
  if (exec->is_started && row < s->end) {
    const int64_t due = s->visible_ns ? s->visible_ns[row] : s->ts_ns[row] + s->length_ns;
    if (due <= exec->horizon_ns)
      return pln_fail(PLN_ERR_STATE, "row %lld of caller %d is of a time that is already processed",
                      (long long)row, caller);
  }
  s->row = row;
  return PLN_OK;
}

static int64_t first_at(const int64_t *ts_ns, int64_t n, int64_t t) {
  int64_t low = 0;
  while (low < n) {
    const int64_t mid = low + (n - low) / 2;
    if (ts_ns[mid] < t)
      low = mid + 1;
    else
      n = mid;
  }
  return low;
}

/* backtesting.py's queue knows nothing of these. */
static int32_t check_quirk(const pln_exec *x, const pln_portfolio_config *c) {
  const pln_scaling *s = &c->scaling;
  const bool scaled = s->max_entries || s->step_pct > 0 || s->add_pct > 0 || c->sizing.max_pct > 0;
  if (!c->fill_price_quirk || (!scaled && !x->openings)) return PLN_OK;
  return pln_fail(PLN_ERR_UNSUPPORTED,
                  "compat: backtesting.py has no bounds of pyramiding, max_pct of a size or trading hours");
}

static int32_t check_gauge(const pln_exec *x, const pln_sizing *s) {
  if (s->type != PLN_SIZE_VOLATILITY_TARGET && s->type != PLN_SIZE_ATR_RISK) return PLN_OK;
  if (s->gauge >= 0 && s->gauge < x->gauges.n_gauges) return PLN_OK;
  return pln_fail(PLN_ERR_ARGUMENT, "a sizing reads gauge %d, but there are %d", s->gauge,
                  x->gauges.n_gauges);
}

int32_t pln_exec_start(pln_exec *x) {
  if (x->n_portfolios == 0) return pln_fail(PLN_ERR_STATE, "the execution container has no portfolio");
  if (x->config.benchmark < 0 || x->config.benchmark >= x->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "benchmark instrument %d does not exist: there are %d",
                    x->config.benchmark, x->n_markets);
  for (int32_t i = 0; i < x->n_portfolios; i++) {
    int32_t status = check_gauge(x, &x->portfolios[i]->config.sizing);
    if (!status) status = check_quirk(x, &x->portfolios[i]->config);
    if (status) return status;
    if (x->portfolios[i]->config.scaling.every_bar) x->is_watched = 1;
  }
  x->targets = calloc((size_t)x->n_portfolios * (size_t)x->n_markets, sizeof *x->targets);
  if (!x->targets)
    return pln_fail(PLN_ERR_MEMORY, "no memory for the targets of %d portfolios", x->n_portfolios);
  for (int32_t i = 0; i < x->n_portfolios * x->n_markets; i++) x->targets[i].first = -1;
  for (int32_t i = x->n_sources - 1; i >= 0; i--) {
    pln_source *s = &x->sources[i];
    if (s->kind != PLN_SOURCE_SIGNALS) continue;
    pln_target *t = pln_exec_target(x, s->portfolio, s->instrument);
    s->next = t->first;
    t->first = i;
  }
  const int64_t from = x->config.trade_from_ns, until = x->config.trade_until_ns;
  x->first_ns = INT64_MAX;
  int64_t last_ns = until, seen_ns = INT64_MIN;
  for (int32_t k = 0; k < x->n_markets; k++) {
    pln_market *m = &x->markets[k];
    m->next = first_at(m->ts_ns, m->bars->n_bars, from);
    m->end = first_at(m->ts_ns, m->bars->n_bars, until);
    if (m->end < m->next) m->end = m->next;
    if (m->next < m->end && pln_market_visible(m, m->next) < x->first_ns)
      x->first_ns = pln_market_visible(m, m->next);
    if (m->next < m->end && pln_market_visible(m, m->end - 1) > last_ns)
      last_ns = pln_market_visible(m, m->end - 1);
    if (m->next < m->end && pln_market_visible(m, m->end - 1) > seen_ns)
      seen_ns = pln_market_visible(m, m->end - 1);
    if (m->next == 0) continue;
    const double last = m->close[m->next - 1];
    for (int32_t i = 0; i < x->n_portfolios; i++) x->portfolios[i]->positions[k].last_price = last;
    if (k == x->config.benchmark) x->benchmark_close = last;
  }
  pln_actions_start(x);
  for (int32_t j = 0; j < x->n_portfolios; j++)
    if (x->portfolios[j]->has_fx) pln_currency_update(x->portfolios[j]);
  for (int32_t i = 0; i < x->n_sources; i++) {
    pln_source *s = &x->sources[i];
    if (s->kind != PLN_SOURCE_CALLER) continue;
    const int64_t first = first_at(s->ts_ns, s->end, from);
    int64_t end = first_at(s->ts_ns, s->end, until);
    /* A bar of a longer timeframe that closes after the window's last instant tells of what follows it. */
    while (end > first &&
           (s->visible_ns ? s->visible_ns[end - 1] : s->ts_ns[end - 1] + s->length_ns) > last_ns)
      end--;
    while (s->is_timer && end > first && s->ts_ns[end - 1] > seen_ns) end--; /* after the data */
    if (s->row < first) s->row = first;
    s->end = end;
  }
  x->last_ns = seen_ns;
  pln_schedule_start(x);
  if (x->config.max_volume_pct > 0) {
    x->rooms = calloc((size_t)x->n_portfolios * (size_t)x->n_markets, sizeof *x->rooms);
    if (!x->rooms) return pln_fail(PLN_ERR_MEMORY, "no memory for %d portfolios", x->n_portfolios);
    for (int32_t i = 0; i < x->n_portfolios * x->n_markets; i++) x->rooms[i].bar = -1;
  }
  const pln_source *s = x->sources;
  const pln_market *m = x->markets;
  x->is_quick = x->rules.n_marks == 0 && x->models.n_of_kind[PLN_MODEL_FINANCING] == 0 && !x->agendas &&
                !x->openings && x->n_markets == 1 && x->n_portfolios == 1 && x->n_sources == 1 &&
                s->kind == PLN_SOURCE_CALLER && s->ts_ns == m->ts_ns && s->visible_ns == m->visible_ns &&
                s->length_ns == m->length_ns;
  const int32_t reviewed = pln_review_start(x);
  if (reviewed) return reviewed;
  x->is_started = 1;
  const int32_t status = pln_asks_start(x);
  return status ? status : pln_models_start(x);
}
