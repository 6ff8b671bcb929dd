#include "core/error.h"
#include "exec/exec.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {"slippage", "commission", "latency", "financing"};

const char *pln_cost_model_kind_name(int32_t kind) {
  return kind >= PLN_MODEL_SLIPPAGE && kind <= PLN_MODEL_FINANCING ? kind_names[kind] : "?";
}

int32_t pln_cost_model_count(void) { return pln_model_count; }

const pln_model_info *pln_cost_model_get(int32_t index) {
  return index >= 0 && index < pln_model_count ? &pln_model_list[index]->info : NULL;
}

int32_t pln_cost_model_find(const char *name) {
  for (int32_t i = 0; i < pln_model_count; i++)
    if (strcmp(pln_model_list[i]->info.name, name) == 0) return i;
  return pln_fail(PLN_ERR_NOT_FOUND, "there is no model '%s'", name);
}

void pln_models_free(pln_models *m, int32_t n_instruments) {
  for (int32_t i = 0; i < m->n; i++) {
    pln_model *one = &m->list[i];
    for (int32_t k = 0; one->series && k < n_instruments; k++) {
      free(one->series[k].ts_ns);
      free(one->series[k].values);
    }
    free(one->series);
    free(one->months);
    free(one->numbers);
  }
  free(m->list);
  free(m->own_commission);
  *m = (pln_models){0};
}

static int32_t check_number(const pln_model_info *info, const pln_model_param *p, double value) {
  if (!isfinite(value) || value < p->min_value || value > p->max_value)
    return pln_fail(PLN_ERR_ARGUMENT, "model %s: %s is %g, expected %g to %g%s%s", info->name, p->name, value,
                    p->min_value, p->max_value, *p->unit ? " " : "", p->unit);
  if (p->is_integer && value != rint(value))
    return pln_fail(PLN_ERR_ARGUMENT, "model %s: %s is %g, expected a whole number", info->name, p->name,
                    value);
  return PLN_OK;
}

/* Copies the parameters, defaults for those that were not given. */
static int32_t take_values(pln_model *m, const pln_model_setting *s) {
  const pln_model_info *info = &m->desc->info;
  size_t total = 0;
  for (int32_t i = 0; i < info->n_params; i++) total += (size_t)(s->counts[i] > 0 ? s->counts[i] : 1);
  m->numbers = calloc(total ? total : 1, sizeof *m->numbers);
  if (!m->numbers) return pln_fail(PLN_ERR_MEMORY, "no memory for a model's %zu numbers", total);
  double *at = m->numbers;
  for (int32_t i = 0; i < info->n_params; i++) {
    const pln_model_param *p = &info->params[i];
    const int32_t n = s->counts[i] > 0 ? s->counts[i] : 1;
    if (n > (p->is_list ? PLN_MODEL_MAX_LIST : 1))
      return pln_fail(PLN_ERR_ARGUMENT, "model %s: %s has %d values, expected %s", info->name, p->name, n,
                      p->is_list ? "at most 64" : "one");
    for (int32_t j = 0; j < n; j++) {
      at[j] = s->counts[i] > 0 ? s->values[i][j] : p->default_value;
      const int32_t status = check_number(info, p, at[j]);
      if (status) return status;
    }
    m->values.list[i] = at;
    m->values.p[i] = at[0];
    m->values.n[i] = n;
    at += n;
  }
  const char *problem = m->desc->check ? m->desc->check(&m->values) : NULL;
  return problem ? pln_fail(PLN_ERR_ARGUMENT, "model %s: %s", info->name, problem) : PLN_OK;
}

int32_t pln_cost_model_check(const pln_model_setting *setting) {
  if (setting->model < 0 || setting->model >= pln_model_count)
    return pln_fail(PLN_ERR_ARGUMENT, "model %d does not exist: there are %d", setting->model,
                    pln_model_count);
  pln_model m = {.desc = pln_model_list[setting->model]};
  const int32_t status = take_values(&m, setting);
  free(m.numbers);
  return status;
}

static int32_t check_setting(const pln_exec *x, const pln_model_setting *s) {
  if (x->is_started) return pln_fail(PLN_ERR_STATE, "the run has begun: no model can be added any more");
  if (s->model < 0 || s->model >= pln_model_count)
    return pln_fail(PLN_ERR_ARGUMENT, "model %d does not exist: there are %d", s->model, pln_model_count);
  if (s->instrument < -1 || s->instrument >= x->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d of a model does not exist: there are %d", s->instrument,
                    x->n_markets);
  const int32_t kind = pln_model_list[s->model]->info.kind;
  if (s->replaces && (kind != PLN_MODEL_COMMISSION || s->instrument < 0))
    return pln_fail(PLN_ERR_ARGUMENT, "only the commission of one instrument replaces that of all");
  if (x->models.n == PLN_MODELS_MAX)
    return pln_fail(PLN_ERR_LIMIT, "%d models are configured, no more are possible", x->models.n);
  const pln_model_info *info = &pln_model_list[s->model]->info;
  for (int32_t i = 0; i < info->n_gauges; i++)
    if (s->gauges && s->gauges[i] >= x->gauges.n_gauges)
      return pln_fail(PLN_ERR_ARGUMENT, "gauge %d of a model does not exist: there are %d", s->gauges[i],
                      x->gauges.n_gauges);
  int32_t for_one = kind == PLN_MODEL_SLIPPAGE || kind == PLN_MODEL_COMMISSION ? 1 : 0;
  for (int32_t i = 0; for_one && i < x->models.n; i++) {
    const pln_model *m = &x->models.list[i];
    const bool same = m->instrument < 0 || s->instrument < 0 || m->instrument == s->instrument;
    for_one += m->desc->info.kind == kind && same;
    if (same && m->desc->reads_month && pln_model_list[s->model]->reads_month)
      return pln_fail(PLN_ERR_ARGUMENT,
                      "two %s models for one instrument, of which one month would have to begin", info->name);
  }
  if (for_one > PLN_MODELS_AT_ONCE)
    return pln_fail(PLN_ERR_LIMIT, "more than %d %s models for one instrument", (int)PLN_MODELS_AT_ONCE,
                    pln_cost_model_kind_name(kind));
  return PLN_OK;
}

int32_t pln_exec_add_model(pln_exec *exec, const pln_model_setting *setting) {
  int32_t status = check_setting(exec, setting);
  if (status) return status;
  pln_models *all = &exec->models;
  if (!all->list) all->list = calloc(PLN_MODELS_MAX, sizeof *all->list);
  if (setting->replaces && !all->own_commission)
    all->own_commission = calloc((size_t)exec->n_markets, sizeof *all->own_commission);
  if (!all->list || (setting->replaces && !all->own_commission))
    return pln_fail(PLN_ERR_MEMORY, "no memory for models");
  pln_model *m = &all->list[all->n];
  *m = (pln_model){.desc = pln_model_list[setting->model], .instrument = setting->instrument};
  status = take_values(m, setting);
  if (status) {
    free(m->numbers);
    return status;
  }
  for (int32_t i = 0; i < PLN_MODEL_MAX_GAUGES; i++)
    m->gauges[i] = setting->gauges && i < m->desc->info.n_gauges ? setting->gauges[i] : -1;
  if (setting->replaces) all->own_commission[setting->instrument] = 1;
  all->n_of_kind[m->desc->info.kind]++;
  return all->n++;
}

int32_t pln_exec_set_model_series(pln_exec *exec, int32_t model, int32_t instrument, const int64_t *ts_ns,
                                  const double *values, int64_t n) {
  if (exec->is_started) return pln_fail(PLN_ERR_STATE, "the run has begun: a series comes before it");
  if (model < 0 || model >= exec->models.n)
    return pln_fail(PLN_ERR_ARGUMENT, "model %d does not exist: there are %d", model, exec->models.n);
  pln_model *m = &exec->models.list[model];
  if (!m->desc->info.series)
    return pln_fail(PLN_ERR_ARGUMENT, "model %s reads no series", m->desc->info.name);
  if (instrument < 0 || instrument >= exec->n_markets)
    return pln_fail(PLN_ERR_ARGUMENT, "instrument %d does not exist: there are %d", instrument,
                    exec->n_markets);
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(values[i]) || (i > 0 && ts_ns[i] <= ts_ns[i - 1]))
      return pln_fail(PLN_ERR_ARGUMENT, "model %s: entry %lld of its series is %s", m->desc->info.name,
                      (long long)i + 1, isfinite(values[i]) ? "not later than the one before" : "no number");
  }
  if (!m->series) m->series = calloc((size_t)exec->n_markets, sizeof *m->series);
  m->n_series = exec->n_markets;
  pln_model_series *s = m->series ? &m->series[instrument] : NULL;
  const size_t room = (size_t)(n > 0 ? n : 1);
  if (!s || !(s->ts_ns = realloc(s->ts_ns, room * sizeof *s->ts_ns)) ||
      !(s->values = realloc(s->values, room * sizeof *s->values)))
    return pln_fail(PLN_ERR_MEMORY, "no memory for a series of %lld entries", (long long)n);
  if (n > 0) {
    memcpy(s->ts_ns, ts_ns, (size_t)n * sizeof *ts_ns);
    memcpy(s->values, values, (size_t)n * sizeof *values);
  }
  s->n = n;
  return PLN_OK;
}

double pln_model_series_at(const pln_model_series *s, int64_t time_ns) {
  int64_t low = 0, high = s ? s->n : 0;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (s->ts_ns[middle] <= time_ns)
      low = middle + 1;
    else
      high = middle;
  }
  return low > 0 ? s->values[low - 1] : NAN;
}

int32_t pln_models_start(pln_exec *x) {
  x->models.seed = (uint64_t)x->config.seed;
  for (int32_t i = 0; i < x->models.n; i++) {
    pln_model *m = &x->models.list[i];
    if (!m->desc->reads_month) continue;
    m->months = calloc((size_t)x->n_portfolios, sizeof *m->months);
    if (!m->months) return pln_fail(PLN_ERR_MEMORY, "no memory for %d months", x->n_portfolios);
  }
  pln_financing_start(x);
  return PLN_OK;
}
