#include "feature/hub.h"
#include "core/error.h"

#include <assert.h>
#include <stdlib.h>

enum { MAX_DEFINITIONS = 4096, MAX_NAME = 32 };
static const int64_t MAX_STATE_BYTES = (int64_t)1 << 30;

static int is_name(const char *s, size_t length) {
  for (size_t i = 0; i < length; i++) {
    const char c = s[i];
    const int is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!is_letter && (i == 0 || c < '0' || c > '9')) return 0;
  }
  return length > 0 && length <= MAX_NAME;
}

/* Number of the space separated names in a text; -1 where something else is in it. */
static int32_t count_names(const char *s) {
  int32_t n = 0;
  for (; s && *s; n++) {
    const size_t length = strcspn(s, " ");
    if (!is_name(s, length)) return -1;
    s += length;
    if (*s == ' ' && *++s == 0) return -1;
  }
  return n;
}

static int32_t check_params(const pln_indicator_info *info) {
  for (int32_t i = 0; i < info->n_params; i++) {
    const pln_indicator_param *p = &info->params[i];
    if (!p->name || !is_name(p->name, strlen(p->name)))
      return pln_fail(PLN_ERR_ARGUMENT, "indicator %s: the name of parameter %d is no name", info->name,
                      (int)i + 1);
    if (!(p->min_value <= p->default_value && p->default_value <= p->max_value) || !isfinite(p->min_value) ||
        !isfinite(p->max_value))
      return pln_fail(PLN_ERR_ARGUMENT, "indicator %s: %s: the default %.15g is not in the range %.15g…%.15g",
                      info->name, p->name, p->default_value, p->min_value, p->max_value);
    if (p->words && (count_names(p->words) != (int32_t)p->max_value + 1 || p->min_value != 0.0))
      return pln_fail(PLN_ERR_ARGUMENT, "indicator %s: %s has the values 0…%.15g, but its words are '%s'",
                      info->name, p->name, p->max_value, p->words);
  }
  return PLN_OK;
}

static int32_t check_name(const pln_hub *hub, const char *name) {
  if (!name || !is_name(name, strlen(name)))
    return pln_fail(PLN_ERR_ARGUMENT,
                    "'%.40s' cannot be the name of an indicator (letters, digits, _; %d at most)",
                    name ? name : "", (int)MAX_NAME);
  const int32_t length = (int32_t)strlen(name);
  if (pln_expr_is_reserved(name, length) || pln_ind_find(name, length))
    return pln_fail(PLN_ERR_ARGUMENT, "indicator %s: the name is taken by a built-in one; choose another",
                    name);
  for (int32_t i = 0; i < hub->n_definitions; i++)
    if (strcmp(hub->definitions[i]->info.name, name) == 0)
      return pln_fail(PLN_ERR_ARGUMENT, "indicator %s is defined twice", name);
  return PLN_OK;
}

static int32_t check_info(const pln_hub *hub, const pln_indicator_info *info) {
  if (check_name(hub, info->name) < 0) return PLN_ERR_ARGUMENT;
  const int is_variadic = info->input_kind == PLN_INPUT_VARIADIC;
  const int32_t n_inputs = count_names(info->inputs), n_outputs = count_names(info->outputs);
  if (info->input_kind < PLN_INPUT_SOURCE || info->input_kind > PLN_INPUT_VARIADIC || n_inputs < 1 ||
      n_inputs > PLN_IND_MAX_INPUTS)
    return pln_fail(PLN_ERR_ARGUMENT, "indicator %s: the inputs '%s' are not 1 to %d names", info->name,
                    info->inputs ? info->inputs : "", (int)PLN_IND_MAX_INPUTS);
  if (n_outputs < 1 || n_outputs > PLN_IND_MAX_OUTPUTS)
    return pln_fail(PLN_ERR_ARGUMENT, "indicator %s: the outputs '%s' are not 1 to %d names", info->name,
                    info->outputs ? info->outputs : "", (int)PLN_IND_MAX_OUTPUTS);
  if (info->n_params < 0 || info->n_params > PLN_IND_MAX_PARAMS - is_variadic)
    return pln_fail(PLN_ERR_ARGUMENT, "indicator %s: %d parameters, %d at most", info->name,
                    (int)info->n_params, (int)(PLN_IND_MAX_PARAMS - is_variadic));
  return check_params(info);
}

/* Texts go one after the other into the memory at *to, or are only counted where `to` is NULL. */
static const char *keep(const char *text, char **to, size_t *size) {
  const size_t length = text ? strlen(text) + 1 : 0;
  *size += length;
  if (!to || !text) return NULL;
  memcpy(*to, text, length);
  *to += length;
  return *to - length;
}

static size_t keep_texts(pln_indicator_info *info, pln_indicator_param *params,
                         const pln_indicator_info *from, char **to) {
  size_t size = 0;
  pln_indicator_info copy = *from;
  copy.name = keep(from->name, to, &size);
  copy.aliases = NULL;
  copy.group = keep(from->group ? from->group : "own", to, &size);
  copy.help = keep(from->help ? from->help : "", to, &size);
  copy.formula = keep(from->formula ? from->formula : "", to, &size);
  copy.inputs = keep(from->inputs, to, &size);
  copy.outputs = keep(from->outputs, to, &size);
  copy.example = keep(from->example ? from->example : from->name, to, &size);
  copy.params = params;
  for (int32_t i = 0; i < from->n_params; i++) {
    pln_indicator_param p = from->params[i];
    p.name = keep(from->params[i].name, to, &size);
    p.help = keep(from->params[i].help ? from->params[i].help : "", to, &size);
    p.words = keep(from->params[i].words, to, &size);
    if (params) params[i] = p;
  }
  if (info) *info = copy;
  return size;
}

int32_t pln_hub_define(pln_hub *hub, const pln_indicator_info *info) {
  if (hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: an indicator cannot be defined after seal");
  if (hub->n_definitions == MAX_DEFINITIONS)
    return pln_fail(PLN_ERR_LIMIT, "feature hub: more than %d indicators of its own", (int)MAX_DEFINITIONS);
  if (check_info(hub, info) < 0) return PLN_ERR_ARGUMENT;
  if (!PLN_HUB_GROW(hub, definitions, cap_definitions, hub->n_definitions + 1)) return PLN_ERR_MEMORY;
  const size_t params_size = (size_t)info->n_params * sizeof(pln_indicator_param);
  pln_ind_desc *desc = calloc(1, sizeof *desc + params_size + keep_texts(NULL, NULL, info, NULL));
  if (!desc) return pln_fail(PLN_ERR_MEMORY, "feature hub: out of memory");
  pln_indicator_param *params = (pln_indicator_param *)(void *)(desc + 1);
  char *texts = (char *)(params + info->n_params);
  keep_texts(&desc->info, params, info, &texts);
  desc->n_inputs = count_names(info->inputs);
  desc->n_outputs = count_names(info->outputs);
  hub->definitions[hub->n_definitions] = desc;
  return hub->n_definitions++;
}

int32_t pln_hub_note_call(pln_hub *hub, int32_t node) {
  if (!PLN_HUB_GROW(hub, calls, cap_calls, hub->n_calls + 1)) return PLN_ERR_MEMORY;
  int32_t definition = 0;
  while (hub->definitions[definition] != hub->nodes[node].expr.desc) definition++;
  hub->calls[hub->n_calls] = (pln_hub_call){.node = node, .definition = definition};
  return hub->n_calls++;
}

int32_t pln_hub_calls(const pln_hub *hub) { return hub->n_calls; }

static const pln_hub_call *call_at(const pln_hub *hub, int32_t call) {
  assert(call >= 0 && call < hub->n_calls && hub->calls);
  return &hub->calls[call];
}

int32_t pln_hub_call_definition(const pln_hub *hub, int32_t call) { return call_at(hub, call)->definition; }

const double *pln_hub_call_params(const pln_hub *hub, int32_t call) {
  return hub->nodes[call_at(hub, call)->node].expr.params;
}

int32_t pln_hub_answer_call(pln_hub *hub, int32_t call, int64_t lookback, int64_t state_bytes) {
  if (hub->sealed) return pln_fail(PLN_ERR_STATE, "feature hub: a call is answered after seal");
  if (call < 0 || call >= hub->n_calls)
    return pln_fail(PLN_ERR_ARGUMENT, "feature hub: there is no call %d", (int)call);
  const char *name = hub->definitions[hub->calls[call].definition]->info.name;
  if (lookback < 0 || state_bytes < 0 || state_bytes > MAX_STATE_BYTES)
    return pln_fail(PLN_ERR_RANGE,
                    "indicator %s: a lookback of %lld rows and %lld bytes of state: expected 0 or more%s",
                    name, (long long)lookback, (long long)state_bytes,
                    state_bytes > MAX_STATE_BYTES ? " and at most 1 GiB" : "");
  pln_hub_node *n = &hub->nodes[hub->calls[call].node];
  n->lookback = lookback;
  n->state_size = state_bytes;
  hub->calls[call].answered = 1;
  pln_hub_settle(hub, hub->calls[call].node);
  return PLN_OK;
}

pln_hub_request pln_hub_request_of(const pln_hub *hub, const pln_hub_unit *unit, pln_hub_state *state,
                                   int64_t rows) {
  const pln_hub_node *n = pln_hub_unit_node(hub, unit, 0);
  return (pln_hub_request){.definition = hub->calls[n->call].definition,
                           .call = n->call,
                           .n_inputs = n->expr.n_args,
                           .n_outputs = n->n_outputs,
                           .rows = rows,
                           .seen = state->rows,
                           .state = n->state_size ? state + 1 : NULL,
                           .params = n->expr.params};
}

int pln_hub_ask(pln_hub *hub, const pln_hub_unit *unit) {
  const pln_hub_stream *s = &hub->streams[unit->stream];
  const pln_hub_node *n = pln_hub_unit_node(hub, unit, 0);
  const int64_t rows = s->last - s->first;
  pln_hub_cursor *c = &hub->cursor;
  const double *in[PLN_IND_MAX_INPUTS] = {0};
  pln_hub_inputs(hub, n, in);
  c->first = pln_hub_next_row(in, n->expr.n_args, c->last, rows, 0);
  double *const *out = hub->columns + unit->first_column;
  for (int32_t i = 0; i < n->n_outputs; i++) pln_hub_fill_nan(out[i], c->last, c->first);
  c->is_pending = c->first < rows;
  c->last = !c->is_pending ? 0 : n->may_gap ? pln_hub_next_row(in, n->expr.n_args, c->first, rows, 1) : rows;
  if (!c->is_pending) return 0;
  c->request = pln_hub_request_of(hub, unit, pln_hub_state_of(hub, unit), c->last - c->first);
  for (int32_t i = 0; i < n->expr.n_args; i++) c->request.inputs[i] = in[i] + c->first;
  for (int32_t i = 0; i < n->n_outputs; i++) c->request.outputs[i] = out[i] + c->first;
  return 1;
}

int32_t pln_hub_pending(const pln_hub *hub, pln_hub_request *out) {
  if (hub->cursor.is_pending) *out = hub->cursor.request;
  return hub->cursor.is_pending;
}

static int32_t refuse(pln_hub *hub, const pln_hub_node *n, int32_t output, int64_t row) {
  const pln_hub_stream *s = &hub->streams[n->expr.stream];
  const int64_t bar = hub->peek.is_active ? s->last : s->first + hub->cursor.first + row;
  hub->failed = 1;
  return pln_fail(
      PLN_ERR_RANGE,
      "indicator %s gave %g as output %d of row %lld of %s, after a lookback of %lld rows: expected "
      "a finite number",
      n->expr.desc->info.name, hub->cursor.request.outputs[output][row], (int)output + 1, (long long)bar,
      s->name, (long long)n->lookback);
}

int32_t pln_hub_resume(pln_hub *hub) {
  pln_hub_cursor *c = &hub->cursor;
  if (!c->is_pending) return pln_fail(PLN_ERR_STATE, "feature hub: resumed, but nothing was asked");
  const pln_hub_unit *unit = &hub->units[c->unit];
  const pln_hub_node *n = pln_hub_unit_node(hub, unit, 0);
  pln_hub_request *r = &c->request;
  c->is_pending = 0;
  pln_hub_state *state =
      hub->peek.is_active ? (pln_hub_state *)(void *)hub->peek.state : pln_hub_state_of(hub, unit);
  pln_hub_finish_rows(hub, unit, state, r->outputs, r->rows);
  for (int32_t i = 0; i < n->n_outputs; i++)
    for (int64_t row = r->seen < n->lookback ? n->lookback - r->seen : 0; row < r->rows; row++)
      if (!isfinite(r->outputs[i][row])) return refuse(hub, n, i, row);
  if (hub->peek.is_active) {
    c->batch++;
    pln_hub_run_peek(hub);
  } else {
    pln_hub_run(hub);
  }
  return c->is_pending;
}
