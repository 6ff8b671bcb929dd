#include "feature/parser.h"
#include "core/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *const pln_column_names[PLN_EXPR_COLUMNS] = {"open", "high", "low", "close", "volume"};
static const char *const clock_names[PLN_EXPR_CLOCKS] = {"time", "local_time", "close_time", "session"};

pln_expr_ref pln_parser_fail(pln_parser *p, int32_t code, int32_t offset, const char *format, ...) {
  if (p->status != 0) return PLN_NOWHERE;
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  const size_t length = strlen(p->text);
  p->status = pln_fail_at(code, NULL, 0, offset + 1, "expression '%.120s%s', column %d: %s", p->text,
                          length > 120 ? "…" : "", (int)(offset + 1), message);
  return PLN_NOWHERE;
}

const char *pln_parser_found(const pln_parser *p, char out[48]) {
  if (p->token.kind == PLN_TOKEN_END)
    snprintf(out, 48, "the end");
  else if ((unsigned char)p->token.text[0] < 0x20 || (unsigned char)p->token.text[0] > 0x7e)
    snprintf(out, 48, "byte 0x%02x", (unsigned char)p->token.text[0]);
  else
    snprintf(out, 48, "'%.*s'", p->token.length > 32 ? 32 : (int)p->token.length, p->token.text);
  return out;
}

int pln_parser_expect(pln_parser *p, const char *symbol, const char *where) {
  if (is_symbol(p, symbol)) {
    next(p);
    return 1;
  }
  char text[48];
  pln_parser_fail(p, PLN_ERR_PARSE, p->token.begin, "found %s, expected '%s' %s", pln_parser_found(p, text),
                  symbol, where);
  return 0;
}

pln_expr_ref pln_parser_add(pln_parser *p, const pln_expr_node *node) {
  pln_expr *out = p->out;
  if (p->status != 0) return PLN_NOWHERE;
  if (out->n_nodes == PLN_EXPR_MAX_NODES)
    return pln_parser_fail(p, PLN_ERR_LIMIT, p->token.begin, "more than %d terms; split the expression",
                           (int)PLN_EXPR_MAX_NODES);
  if (out->n_nodes == out->capacity) {
    const int32_t capacity = out->capacity ? out->capacity * 2 : 16;
    pln_expr_node *nodes = realloc(out->nodes, (size_t)capacity * sizeof *nodes);
    if (!nodes) return pln_parser_fail(p, PLN_ERR_MEMORY, p->token.begin, "out of memory");
    out->nodes = nodes;
    out->capacity = capacity;
  }
  out->nodes[out->n_nodes] = *node;
  return (pln_expr_ref){out->n_nodes++, 0};
}

pln_expr_ref pln_parser_constant(pln_parser *p, int32_t offset, double value) {
  if (!isfinite(value))
    return pln_parser_fail(p, PLN_ERR_RANGE, offset, "the number is too large (beyond 1.8e308)");
  const pln_expr_node node = {.kind = PLN_EXPR_CONSTANT, .stream = -1, .value = value == 0.0 ? 0.0 : value};
  return pln_parser_add(p, &node);
}

pln_expr_ref pln_parser_column(pln_parser *p, int32_t column) {
  const pln_expr_node node = {.kind = PLN_EXPR_COLUMN, .stream = p->stream, .column = column};
  return pln_parser_add(p, &node);
}

int32_t pln_parser_find_clock(const char *name, int32_t length) {
  for (int32_t i = 0; i < PLN_EXPR_CLOCKS; i++)
    if (is_named(name, length, clock_names[i])) return PLN_EXPR_FIRST_CLOCK + i;
  return -1;
}

int32_t pln_parser_find_column(const pln_parser *p, const char *name, int32_t length) {
  const pln_bars *bars = p->names->streams[p->stream].bars;
  for (int32_t i = 0; i < PLN_EXPR_COLUMNS + bars->n_extra; i++) {
    const char *other = i < PLN_EXPR_COLUMNS ? pln_column_names[i] : bars->extra_names[i - PLN_EXPR_COLUMNS];
    if (is_named(name, length, other)) return i;
  }
  return pln_parser_find_clock(name, length);
}

int pln_expr_is_reserved(const char *name, int32_t length) {
  static const char *const words[] = {"and", "or", "not"};
  for (int32_t i = 0; i < PLN_EXPR_COLUMNS; i++)
    if (is_named(name, length, pln_column_names[i])) return 1;
  for (int32_t i = 0; i < 3; i++)
    if (is_named(name, length, words[i])) return 1;
  return pln_parser_find_clock(name, length) >= 0;
}

const pln_ind_desc *pln_parser_find(const pln_parser *p, const char *name, int32_t length) {
  for (int32_t i = 0; i < p->names->n_definitions; i++)
    if (is_named(name, length, p->names->definitions[i]->info.name)) return p->names->definitions[i];
  return pln_ind_find(name, length);
}

int pln_expr_is_bare(const pln_ind_desc *desc) { return desc->info.input_kind == PLN_INPUT_COLUMNS; }

/* Whether arithmetic of two numbers leaves the range of doubles: told of what is written, neutral in series.
 */
static int is_too_large(const pln_ind_desc *desc, const double *in) {
  if (desc == &pln_op_list[PLN_OP_ADD]) return !isfinite(in[0] + in[1]);
  if (desc == &pln_op_list[PLN_OP_SUBTRACT]) return !isfinite(in[0] - in[1]);
  if (desc == &pln_op_list[PLN_OP_MULTIPLY]) return !isfinite(in[0] * in[1]);
  return desc == &pln_op_list[PLN_OP_DIVIDE] && in[1] != 0.0 && !isfinite(in[0] / in[1]);
}

pln_expr_ref pln_parser_call(pln_parser *p, int32_t offset, const pln_ind_desc *desc, const double *params,
                             const pln_expr_ref *args, int32_t n_args) {
  if (p->status != 0) return PLN_NOWHERE;
  pln_expr_node node = {.kind = PLN_EXPR_CALL, .stream = p->stream, .n_args = n_args, .desc = desc};
  int constant = desc->is_stateless && desc->n_inputs > 0;
  double in[PLN_IND_MAX_INPUTS] = {0};
  for (int32_t i = 0; i < n_args; i++) {
    node.args[i] = args[i];
    const pln_expr_node *arg = &p->out->nodes[args[i].node];
    if (arg->kind != PLN_EXPR_CONSTANT) constant = 0;
    in[i] = arg->value;
  }
  if (constant) {
    double out[PLN_IND_MAX_OUTPUTS + 1];
    desc->step(NULL, in, out);
    if (out[0] == 0.0 && is_too_large(desc, in)) out[0] = (double)INFINITY;
    return pln_parser_constant(p, offset, out[0]);
  }
  assert(params || desc->info.n_params == 0);
  for (int32_t i = 0; i < desc->info.n_params; i++) node.params[i] = params[i];
  if (desc->info.input_kind == PLN_INPUT_VARIADIC) node.params[desc->info.n_params] = n_args;
  return pln_parser_add(p, &node);
}

pln_expr_ref pln_parser_operator(pln_parser *p, int32_t offset, pln_op op, pln_expr_ref a, pln_expr_ref b) {
  const pln_expr_ref args[PLN_IND_MAX_INPUTS] = {a, b};
  return pln_parser_call(p, offset, &pln_op_list[op], NULL, args, pln_op_list[op].n_inputs);
}
