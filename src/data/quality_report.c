/* Configuration of the quality pass, and its report. */
#include "data/quality.h"

#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIT(policy) (1u << (policy))
#define ALL (BIT(PLN_QUALITY_REJECT) | BIT(PLN_QUALITY_OFF) | BIT(PLN_QUALITY_DEFAULT))
#define DROP BIT(PLN_QUALITY_DROP)
#define REPAIR BIT(PLN_QUALITY_REPAIR)
#define FLAG BIT(PLN_QUALITY_FLAG)
const pln_quality_rule_info pln_quality_rules[PLN_QUALITY_RULES] = {
    {"duplicates", PLN_QUALITY_DEFAULT, ALL | DROP | REPAIR},
    {"out_of_order", PLN_QUALITY_REJECT, ALL | DROP | REPAIR},
    {"gaps", PLN_QUALITY_FLAG, ALL | FLAG},
    {"impossible_ohlc", PLN_QUALITY_REJECT, ALL | DROP | REPAIR | FLAG},
    {"non_finite", PLN_QUALITY_DEFAULT, ALL | DROP | REPAIR},
    {"negative", PLN_QUALITY_REJECT, ALL | DROP | FLAG},
    {"price_jumps", PLN_QUALITY_FLAG, ALL | DROP | FLAG},
    {"volume_outliers", PLN_QUALITY_FLAG, ALL | DROP | FLAG},
    {"out_of_session", PLN_QUALITY_FLAG, ALL | DROP | FLAG},
};
static const char *const POLICIES[] = {"default", "reject", "drop", "repair", "flag", "off"};

void pln_quality_config_init(pln_quality_config *config) {
  *config = (pln_quality_config){.max_issues = 100, .price_jump_pct = 50, .volume_outlier_multiple = 50};
}

const char *pln_quality_rule_name(int32_t rule) {
  return rule < 0 || rule >= PLN_QUALITY_RULES ? NULL : pln_quality_rules[rule].name;
}

const char *pln_quality_policy_name(int32_t policy) {
  return policy < 0 || policy > PLN_QUALITY_OFF ? NULL : POLICIES[policy];
}

int32_t pln_quality_config_set(pln_quality_config *config, const char *rule, const char *policy) {
  int32_t r = 0, p = 0;
  while (r < PLN_QUALITY_RULES && strcmp(pln_quality_rules[r].name, rule) != 0) r++;
  if (r == PLN_QUALITY_RULES)
    return pln_fail(
        PLN_ERR_ARGUMENT,
        "quality: '%s' is no rule, expected duplicates, out_of_order, gaps, impossible_ohlc, non_finite, "
        "negative, price_jumps, volume_outliers or out_of_session",
        rule);
  while (p <= PLN_QUALITY_OFF && strcmp(POLICIES[p], policy) != 0) p++;
  if (p <= PLN_QUALITY_OFF && (pln_quality_rules[r].allowed & BIT(p))) {
    config->policy[r] = p;
    return PLN_OK;
  }
  char list[64] = "";
  for (int32_t i = PLN_QUALITY_REJECT; i <= PLN_QUALITY_OFF; i++)
    if (pln_quality_rules[r].allowed & BIT(i)) {
      const size_t used = strlen(list);
      snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", POLICIES[i]);
    }
  return pln_fail(PLN_ERR_ARGUMENT, "quality: %s cannot be '%s', expected %s", rule, policy, list);
}

pln_quality_report *pln_quality_report_new(void) {
  pln_quality_report_owner *owner = calloc(1, sizeof *owner);
  if (owner) return &owner->report;
  pln_fail(PLN_ERR_MEMORY, "no memory for a report");
  return NULL;
}

void pln_quality_report_clear(pln_quality_report_owner *owner) {
  free(owner->issues);
  for (int32_t i = 0; i < owner->report.n_files; i++) free(owner->files[i]);
  free(owner->files);
  free(owner->text);
  *owner = (pln_quality_report_owner){0};
}

void pln_quality_report_free(pln_quality_report *report) {
  if (!report) return;
  pln_quality_report_clear((pln_quality_report_owner *)report);
  free(report);
}

typedef struct writer {
  char *text;
  size_t used;
  size_t size;
} writer;

static void put(writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(writer *w, const char *format, ...) {
  char line[1600];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length >= (int)sizeof line) length = sizeof line - 1;
  if (w->used + (size_t)length + 1 > w->size) {
    const size_t size = (w->size + (size_t)length) * 2 + 256;
    char *more = realloc(w->text, size);
    if (!more) return;
    w->text = more;
    w->size = size;
  }
  memcpy(w->text + w->used, line, (size_t)length + 1);
  w->used += (size_t)length;
}

static void put_issue(writer *w, const pln_quality_report *report, const pln_quality_issue *issue) {
  char time[40];
  pln_time_format_iso(issue->ts_ns, time);
  if (issue->file >= 0 && issue->file < report->n_files)
    put(w, "%s:%lld: ", report->files[issue->file], (long long)issue->line);
  else
    put(w, "bar %lld: ", (long long)issue->line);
  put(w, "%s at %s, open %.10g, high %.10g, low %.10g, close %.10g, volume %.10g",
      pln_quality_rules[issue->rule].name, time, issue->open, issue->high, issue->low, issue->close,
      issue->volume);
  if (issue->rule == PLN_QUALITY_GAPS) put(w, " (%.10g s since the bar before)", issue->measure);
  if (issue->rule == PLN_QUALITY_PRICE_JUMPS) put(w, " (%+.2f %%)", issue->measure);
  if (issue->rule == PLN_QUALITY_VOLUME_OUTLIERS) put(w, " (%.1f times the mean)", issue->measure);
  put(w, ": %s\n", POLICIES[issue->action]);
}

const char *pln_quality_report_text(pln_quality_report *report) {
  pln_quality_report_owner *owner = (pln_quality_report_owner *)report;
  writer w = {0};
  put(&w, "%lld rows, %lld bars%s\n", (long long)report->n_rows, (long long)report->n_kept,
      report->reversed ? " (newest first: reversed)" : "");
  int64_t total = 0;
  for (int32_t rule = 0; rule < PLN_QUALITY_RULES; rule++) {
    if (report->found[rule] == 0) continue;
    total += report->found[rule];
    put(&w, "%s: %lld", pln_quality_rules[rule].name, (long long)report->found[rule]);
    if (report->dropped[rule]) put(&w, ", %lld dropped", (long long)report->dropped[rule]);
    if (report->repaired[rule]) put(&w, ", %lld repaired", (long long)report->repaired[rule]);
    put(&w, "\n");
  }
  for (int32_t i = 0; i < report->n_issues; i++) put_issue(&w, report, &report->issues[i]);
  if (total > report->n_issues) put(&w, "and %lld more\n", (long long)(total - report->n_issues));
  free(owner->text);
  owner->text = w.text;
  return w.text ? w.text : "";
}
