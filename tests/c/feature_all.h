#pragma once
/* Expressions that call every indicator and function, each output and `.valid` of it. */
#include "feature/ops.h"
#include "feature_data.h"

enum { CALL_TEXT = 512 };

typedef enum call_choice {
  CALL_DEFAULT = 0, /* parameters as they are without being given */
  CALL_SMALL = 1,   /* 1, 2, 3 … within their ranges, the second of the words */
  CALL_LARGE = 2,   /* some forty times the defaults, the last of the words */
} call_choice;

typedef struct call {
  char text[CALL_TEXT];
  const char *name; /* of the indicator */
  int32_t output;   /* -1: valid */
} call;

typedef struct calls {
  call *items;
  int32_t n, capacity;
} calls;

static inline const pln_ind_desc *nth_indicator(int32_t index) {
  const char *name = pln_indicator_get(index)->name;
  return pln_ind_find(name, (int64_t)strlen(name));
}

static inline void add_call(calls *list, const char *text, const char *name, int32_t output) {
  if (list->n == list->capacity) {
    list->capacity = list->capacity ? 2 * list->capacity : 256;
    list->items = realloc(list->items, (size_t)list->capacity * sizeof *list->items);
  }
  call *item = &list->items[list->n++];
  snprintf(item->text, CALL_TEXT, "%s", text);
  item->name = name;
  item->output = output;
}

static inline double call_value(const pln_indicator_param *p, int32_t index, call_choice choice) {
  if (choice == CALL_SMALL) return fmax(p->min_value, fmin(p->max_value, 1.0 + index));
  if (choice == CALL_LARGE && p->words) return p->max_value;
  if (choice == CALL_LARGE) return fmin(p->max_value, floor(p->default_value * 37) + 1);
  return p->default_value;
}

/* The call of an indicator with one choice of parameters, a line for each output. `sources`: expressions for
 * its series, 8 of them; NULL for a source that is left out (others get the bars' columns). */
static inline void add_indicator(calls *list, const pln_ind_desc *desc, call_choice choice,
                                 const char *const *sources) {
  static const char *const columns[] = {"close", "open", "high", "low", "volume", "hl2", "hlc3", "ohlc4"};
  char text[CALL_TEXT], whole[CALL_TEXT];
  int n = snprintf(text, CALL_TEXT, "%s(", desc->info.name);
  const int32_t kind = desc->info.input_kind;
  int32_t given = kind == PLN_INPUT_COLUMNS ? 0 : desc->n_inputs;
  if (kind == PLN_INPUT_SOURCE) given = sources != NULL;
  for (int32_t i = 0; i < given; i++)
    n +=
        snprintf(text + n, (size_t)(CALL_TEXT - n), "%s%s", i ? ", " : "", sources ? sources[i] : columns[i]);
  for (int32_t i = 0; i < desc->info.n_params && choice != CALL_DEFAULT; i++) {
    const pln_indicator_param *p = &desc->info.params[i];
    n += snprintf(text + n, (size_t)(CALL_TEXT - n), "%s%s=%.17g", text[n - 1] == '(' ? "" : ", ", p->name,
                  call_value(p, i, choice));
  }
  snprintf(text + n, (size_t)(CALL_TEXT - n), ")");
  const char *s = desc->info.outputs;
  for (int32_t i = 0; i < desc->n_outputs + (desc->info.has_valid ? 1 : 0); i++) {
    const int valid = i == desc->n_outputs;
    const size_t length = valid ? 5 : strcspn(s, " ");
    snprintf(whole, CALL_TEXT, "%s.%.*s", text, (int)length, valid ? "valid" : s);
    if (desc->n_outputs == 1 && !valid) snprintf(whole, CALL_TEXT, "%s", text);
    add_call(list, whole, desc->info.name, valid ? -1 : i);
    if (!valid) s += length + (s[length] == ' ');
  }
}

static inline void add_all_indicators(calls *list, call_choice choice, const char *const *sources) {
  for (int32_t i = 0; i < pln_indicator_count(); i++) {
    const pln_ind_desc *desc = nth_indicator(i);
    if (choice != CALL_DEFAULT && desc->info.n_params == 0) continue;
    if (sources && desc->info.input_kind == PLN_INPUT_COLUMNS) continue;
    add_indicator(list, desc, choice, sources);
  }
}
