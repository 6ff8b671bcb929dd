/* The list of statistics, and the series that are made from series. */
#include "portfolio/returns_state.h"

#include "core/error.h"

#include <assert.h>
#include <string.h>

static const pln_return_group *const groups[] = {
    &pln_return_group_return,   &pln_return_group_ratio, &pln_return_group_partial,   &pln_return_group_risk,
    &pln_return_group_drawdown, &pln_return_group_wins,  &pln_return_group_benchmark,
};
enum { GROUPS = sizeof groups / sizeof *groups };

int32_t pln_return_statistic_count(void) {
  int32_t n = 0;
  for (int32_t g = 0; g < GROUPS; g++) n += groups[g]->n;
  return n;
}

static const pln_return_entry *entry_of(int32_t index) {
  if (index < 0) return NULL;
  for (int32_t g = 0; g < GROUPS; index -= groups[g++]->n)
    if (index < groups[g]->n) return &groups[g]->entries[index];
  return NULL;
}

const pln_return_info *pln_return_statistic_get(int32_t index) {
  const pln_return_entry *entry = entry_of(index);
  return entry ? &entry->info : NULL;
}

int32_t pln_return_statistic_find(const char *name) {
  const pln_return_info *info;
  for (int32_t i = 0; (info = pln_return_statistic_get(i)); i++)
    if (strcmp(info->name, name) == 0) return i;
  return pln_fail(PLN_ERR_NOT_FOUND, "no statistic of returns is called '%s'; docs/metrics.md lists them",
                  name);
}

double pln_returns_value(pln_returns *r, int32_t statistic, int32_t *why) {
  const pln_return_entry *entry = entry_of(statistic);
  assert(entry);
  r->why = PLN_UNDEFINED_NONE;
  const double value = entry->value(r);
  if (isfinite(value))
    r->why = PLN_UNDEFINED_NONE;
  else if (r->why == PLN_UNDEFINED_NONE)
    r->why = PLN_UNDEFINED_NUMBER;
  if (why) *why = r->why;
  return value;
}

static const struct {
  const char *name;
  const char *help;
} reasons[PLN_UNDEFINED_COUNT] = {
    [PLN_UNDEFINED_NONE] = {"none", "it is defined"},
    [PLN_UNDEFINED_TOO_FEW] = {"too_few", "there are too few returns"},
    [PLN_UNDEFINED_TOO_SHORT] = {"too_short",
                                 "the series is too short: a figure for that span would be extrapolated"},
    [PLN_UNDEFINED_NO_BENCHMARK] = {"no_benchmark", "there is no benchmark"},
    [PLN_UNDEFINED_NO_TIMES] = {"no_times", "the returns have no times"},
    [PLN_UNDEFINED_NO_VARIATION] = {"no_variation", "what it divides by does not vary"},
    [PLN_UNDEFINED_NO_LOSS] = {"no_loss", "there is no loss to divide by"},
    [PLN_UNDEFINED_NO_GAIN] = {"no_gain", "there is no gain"},
    [PLN_UNDEFINED_RUIN] = {"ruin", "everything was lost: nothing is left to compound"},
    [PLN_UNDEFINED_NOT_COMPUTED] = {"not_computed", "the returns were not kept"},
    [PLN_UNDEFINED_NUMBER] = {"number", "its formula has no finite value here"},
};

const char *pln_undefined_name(int32_t reason) {
  return reason >= 0 && reason < PLN_UNDEFINED_COUNT ? reasons[reason].name : "?";
}
const char *pln_undefined_help(int32_t reason) {
  return reason >= 0 && reason < PLN_UNDEFINED_COUNT ? reasons[reason].help : "?";
}

int32_t pln_returns_cumulate(const double *returns, int64_t n, double start, double *out) {
  if (n < 0) return pln_fail(PLN_ERR_ARGUMENT, "returns: n is %lld", (long long)n);
  double growth = 1;
  for (int64_t i = 0; i < n; i++) {
    if (!isnan(returns[i])) growth *= 1 + returns[i];
    out[i] = start == 0 ? growth - 1 : growth * start;
  }
  return 0;
}

int64_t pln_returns_of_prices(const double *prices, int64_t n, double *out) {
  for (int64_t i = 1; i < n; i++) out[i - 1] = (prices[i] - prices[i - 1]) / prices[i - 1];
  return n > 0 ? n - 1 : 0;
}
