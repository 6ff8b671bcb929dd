#include "feature/expression.h"
#include "feature/lexer.h"
#include "core/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARGUMENTS = PLN_IND_MAX_INPUTS + PLN_IND_MAX_PARAMS };

typedef struct parser {
  const char *text;
  pln_token token;
  const pln_expr_stream *streams;
  int32_t n_streams;
  int32_t stream; /* whose rows are meant here */
  int32_t depth;
  int32_t status;
  pln_expr *out;
} parser;

static const pln_expr_ref NOWHERE = {-1, 0};
static const char *const column_names[PLN_EXPR_COLUMNS] = {"open", "high", "low", "close", "volume"};
static const char *const clock_names[PLN_EXPR_CLOCKS] = {"time", "local_time", "close_time", "session"};

static pln_expr_ref parse_or(parser *p);
static pln_expr_ref parse_unary(parser *p);

__attribute__((format(printf, 4, 5))) static pln_expr_ref fail(parser *p, int32_t code, int32_t offset,
                                                               const char *format, ...) {
  if (p->status != 0) return NOWHERE;
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  const size_t length = strlen(p->text);
  p->status = pln_fail_at(code, NULL, 0, offset + 1, "expression '%.120s%s', column %d: %s", p->text,
                          length > 120 ? "…" : "", (int)(offset + 1), message);
  return NOWHERE;
}

static void next(parser *p) { p->token = pln_lex(p->text, p->token.end); }

static int is_text(const pln_token *token, const char *text) {
  return (int32_t)strlen(text) == token->length && memcmp(token->text, text, (size_t)token->length) == 0;
}
static int is_symbol(const parser *p, const char *symbol) {
  return p->token.kind == PLN_TOKEN_SYMBOL && is_text(&p->token, symbol);
}
static int is_word(const parser *p, const char *word) {
  return p->token.kind == PLN_TOKEN_NAME && is_text(&p->token, word);
}

/* What stands at the current token, for "found …". */
static const char *found(const parser *p, char out[48]) {
  if (p->token.kind == PLN_TOKEN_END)
    snprintf(out, 48, "the end");
  else if ((unsigned char)p->token.text[0] < 0x20 || (unsigned char)p->token.text[0] > 0x7e)
    snprintf(out, 48, "byte 0x%02x", (unsigned char)p->token.text[0]);
  else
    snprintf(out, 48, "'%.*s'", p->token.length > 32 ? 32 : (int)p->token.length, p->token.text);
  return out;
}

static int expect(parser *p, const char *symbol, const char *where) {
  if (is_symbol(p, symbol)) {
    next(p);
    return 1;
  }
  char text[48];
  fail(p, PLN_ERR_PARSE, p->token.begin, "found %s, expected '%s' %s", found(p, text), symbol, where);
  return 0;
}

static pln_expr_ref add_node(parser *p, const pln_expr_node *node) {
  pln_expr *out = p->out;
  if (p->status != 0) return NOWHERE;
  if (out->n_nodes == PLN_EXPR_MAX_NODES)
    return fail(p, PLN_ERR_LIMIT, p->token.begin, "more than %d terms; split the expression",
                (int)PLN_EXPR_MAX_NODES);
  if (out->n_nodes == out->capacity) {
    const int32_t capacity = out->capacity ? out->capacity * 2 : 16;
    pln_expr_node *nodes = realloc(out->nodes, (size_t)capacity * sizeof *nodes);
    if (!nodes) return fail(p, PLN_ERR_MEMORY, p->token.begin, "out of memory");
    out->nodes = nodes;
    out->capacity = capacity;
  }
  out->nodes[out->n_nodes] = *node;
  return (pln_expr_ref){out->n_nodes++, 0};
}

static pln_expr_ref add_constant(parser *p, int32_t offset, double value) {
  if (!isfinite(value)) return fail(p, PLN_ERR_RANGE, offset, "the number is too large (beyond 1.8e308)");
  const pln_expr_node node = {.kind = PLN_EXPR_CONSTANT, .stream = -1, .value = value == 0.0 ? 0.0 : value};
  return add_node(p, &node);
}

static pln_expr_ref add_column(parser *p, int32_t column) {
  const pln_expr_node node = {.kind = PLN_EXPR_COLUMN, .stream = p->stream, .column = column};
  return add_node(p, &node);
}

static int is_named(const char *name, int32_t length, const char *other) {
  return (int32_t)strlen(other) == length && memcmp(other, name, (size_t)length) == 0;
}

/* The clock of that name, or -1. */
static int32_t find_clock(const char *name, int32_t length) {
  for (int32_t i = 0; i < PLN_EXPR_CLOCKS; i++)
    if (is_named(name, length, clock_names[i])) return PLN_EXPR_FIRST_CLOCK + i;
  return -1;
}

/* The column of that name, or -1. The data's own come before clocks. */
static int32_t find_column(const parser *p, const char *name, int32_t length) {
  const pln_bars *bars = p->streams[p->stream].bars;
  for (int32_t i = 0; i < PLN_EXPR_COLUMNS + bars->n_extra; i++) {
    const char *other = i < PLN_EXPR_COLUMNS ? column_names[i] : bars->extra_names[i - PLN_EXPR_COLUMNS];
    if (is_named(name, length, other)) return i;
  }
  return find_clock(name, length);
}

static pln_expr_ref add_call(parser *p, int32_t offset, const pln_ind_desc *desc, const double *params,
                             const pln_expr_ref *args, int32_t n_args) {
  if (p->status != 0) return NOWHERE;
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
    return add_constant(p, offset, out[0]);
  }
  assert(params || desc->info.n_params == 0);
  for (int32_t i = 0; i < desc->info.n_params; i++) node.params[i] = params[i];
  if (desc->info.input_kind == PLN_INPUT_VARIADIC) node.params[desc->info.n_params] = n_args;
  return add_node(p, &node);
}

static pln_expr_ref add_operator(parser *p, int32_t offset, pln_op op, pln_expr_ref a, pln_expr_ref b) {
  const pln_expr_ref args[PLN_IND_MAX_INPUTS] = {a, b};
  return add_call(p, offset, &pln_op_list[op], NULL, args, pln_op_list[op].n_inputs);
}

/* Calls */

typedef struct argument {
  const char *key;  /* NULL: positional */
  const char *word; /* a name that is no series, NULL: the argument is `value` */
  int32_t key_length;
  int32_t word_length;
  int32_t offset;
  pln_expr_ref value;
} argument;

/* Index of a word among the space separated words, or -1. */
static int32_t word_index(const char *words, const char *word, int32_t length) {
  for (int32_t i = 0; words && *words; i++) {
    const int32_t n = (int32_t)strcspn(words, " ");
    if (n == length && memcmp(words, word, (size_t)n) == 0) return i;
    words += n + (words[n] == ' ');
  }
  return -1;
}

/* Whether the name at the current token is meant as a parameter's word: of the parameter that `a` names, or,
 * alone among the arguments, of any. */
static int is_parameter_word(const parser *p, const pln_ind_desc *desc, const argument *a) {
  if (p->token.kind != PLN_TOKEN_NAME) return 0;
  for (int32_t i = 0; i < desc->info.n_params; i++) {
    const pln_indicator_param *param = &desc->info.params[i];
    if (!param->words || (a->key && !is_named(a->key, a->key_length, param->name))) continue;
    if (a->key) return 1;
    const pln_token after = pln_lex(p->text, p->token.end);
    if (word_index(param->words, p->token.text, p->token.length) >= 0 && after.kind == PLN_TOKEN_SYMBOL &&
        (is_text(&after, ",") || is_text(&after, ")")))
      return 1;
  }
  return 0;
}

/* Name of input i of the descriptor, whose inputs are words. */
static int32_t input_word(const pln_ind_desc *desc, int32_t i, const char **word) {
  const char *s = desc->info.inputs;
  for (; i > 0; i--) s = strchr(s, ' ') + 1;
  *word = s;
  const char *end = strchr(s, ' ');
  return (int32_t)(end ? end - s : (int64_t)strlen(s));
}

static int parse_arguments(parser *p, const pln_ind_desc *desc, argument *arguments) {
  int32_t n = 0;
  if (!expect(p, "(", "after the name")) return -1;
  while (!is_symbol(p, ")")) {
    if (n > 0 && !expect(p, ",", "between arguments or ')' after the last")) return -1;
    if (n == MAX_ARGUMENTS) {
      fail(p, PLN_ERR_PARSE, p->token.begin, "%s: too many arguments", desc->info.name);
      return -1;
    }
    argument *a = &arguments[n++];
    *a = (argument){.offset = p->token.begin};
    if (p->token.kind == PLN_TOKEN_NAME) {
      const pln_token after = pln_lex(p->text, p->token.end);
      if (after.kind == PLN_TOKEN_SYMBOL && is_text(&after, "=")) {
        a->key = p->token.text;
        a->key_length = p->token.length;
        next(p);
        next(p);
      }
    }
    if (is_parameter_word(p, desc, a)) {
      a->word = p->token.text;
      a->word_length = p->token.length;
      a->value = NOWHERE;
      next(p);
    } else {
      a->value = parse_or(p);
    }
    if (p->status != 0) return -1;
    if (n > 1 && arguments[n - 2].key && !a->key) {
      fail(p, PLN_ERR_PARSE, a->offset, "%s: an argument without a name after one with a name",
           desc->info.name);
      return -1;
    }
  }
  next(p);
  return n;
}

static void set_word(parser *p, const pln_ind_desc *desc, int32_t index, const argument *a, double *params) {
  const pln_indicator_param *param = &desc->info.params[index];
  const int32_t value = word_index(param->words, a->word, a->word_length);
  if (value < 0)
    fail(p, PLN_ERR_NOT_FOUND, a->offset, "%s: %s is '%.*s', expected one of: %s", desc->info.name,
         param->name, a->word_length > 32 ? 32 : (int)a->word_length, a->word,
         param->words ? param->words : "a number");
  params[index] = value;
}

static void set_param(parser *p, const pln_ind_desc *desc, int32_t index, const argument *a, double *params,
                      int *given) {
  const pln_indicator_param *param = &desc->info.params[index];
  if (given[index]) {
    fail(p, PLN_ERR_PARSE, a->offset, "%s: %s is given twice", desc->info.name, param->name);
    return;
  }
  given[index] = 1;
  if (a->word) {
    set_word(p, desc, index, a, params);
    return;
  }
  const pln_expr_node *node = &p->out->nodes[a->value.node];
  if (node->kind != PLN_EXPR_CONSTANT)
    fail(p, PLN_ERR_PARSE, a->offset, "%s: %s must be a number, not a series", desc->info.name, param->name);
  else if (param->is_integer && node->value != floor(node->value))
    fail(p, PLN_ERR_RANGE, a->offset, "%s: %s %.15g must be a whole number", desc->info.name, param->name,
         node->value);
  else if (node->value < param->min_value || node->value > param->max_value)
    fail(p, PLN_ERR_RANGE, a->offset, "%s: %s %.15g is out of range %.15g…%.15g", desc->info.name,
         param->name, node->value, param->min_value, param->max_value);
  params[index] = node->value;
}

static void unknown_key(parser *p, const pln_ind_desc *desc, const argument *a) {
  int32_t distance = PLN_SUGGEST_FAR;
  const char *best = NULL;
  char names[256] = "";
  for (int32_t i = 0; i < desc->info.n_params; i++) {
    best = pln_suggest(a->key, a->key_length, desc->info.params[i].name, best, &distance);
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", desc->info.params[i].name);
  }
  const char *name = desc->info.name;
  if (best)
    fail(p, PLN_ERR_NOT_FOUND, a->offset, "%s has no parameter '%.*s' (did you mean %s?)", name,
         a->key_length, a->key, best);
  else
    fail(p, PLN_ERR_NOT_FOUND, a->offset, "%s has no parameter '%.*s' (it has: %s)", name, a->key_length,
         a->key, names[0] ? names : "none");
}

static void bind_keyword(parser *p, const pln_ind_desc *desc, const argument *a, pln_expr_ref *inputs,
                         double *params, int *given) {
  for (int32_t i = 0; i < desc->info.n_params; i++)
    if ((int32_t)strlen(desc->info.params[i].name) == a->key_length &&
        memcmp(desc->info.params[i].name, a->key, (size_t)a->key_length) == 0) {
      set_param(p, desc, i, a, params, given);
      return;
    }
  for (int32_t i = 0; desc->info.input_kind != PLN_INPUT_COLUMNS && i < desc->n_inputs; i++) {
    const char *word;
    if (input_word(desc, i, &word) == a->key_length && memcmp(word, a->key, (size_t)a->key_length) == 0) {
      if (inputs[i].node >= 0)
        fail(p, PLN_ERR_PARSE, a->offset, "%s: %.*s is given twice", desc->info.name, a->key_length, a->key);
      inputs[i] = a->value;
      return;
    }
  }
  unknown_key(p, desc, a);
}

static void complete_inputs(parser *p, int32_t offset, const pln_ind_desc *desc, pln_expr_ref *inputs);

/* The series that a descriptor's input means where none is written: a column, a clock, or hl2 and the like.
 */
static pln_expr_ref default_input(parser *p, const char *word, int32_t length) {
  if (is_named(word, length, "source")) word = "close", length = 5;
  const int32_t clock = find_clock(word, length);
  const int32_t column = clock >= 0 ? clock : find_column(p, word, length);
  if (column >= 0) return add_column(p, column);
  const pln_ind_desc *derived = pln_ind_find(word, length);
  assert(derived && derived->info.input_kind == PLN_INPUT_COLUMNS);
  pln_expr_ref inputs[PLN_IND_MAX_INPUTS];
  for (int32_t i = 0; i < PLN_IND_MAX_INPUTS; i++) inputs[i] = NOWHERE;
  complete_inputs(p, p->token.begin, derived, inputs);
  return add_call(p, p->token.begin, derived, NULL, inputs, derived->n_inputs);
}

/* Fills in the inputs that were not written. */
static void complete_inputs(parser *p, int32_t offset, const pln_ind_desc *desc, pln_expr_ref *inputs) {
  for (int32_t i = 0; i < desc->n_inputs && p->status == 0; i++) {
    if (inputs[i].node >= 0) continue;
    const char *word;
    const int32_t length = input_word(desc, i, &word);
    if (desc->info.input_kind == PLN_INPUT_SERIES || desc->info.input_kind == PLN_INPUT_VARIADIC)
      fail(p, PLN_ERR_PARSE, offset, "%s: the series %.*s is missing, as in %s", desc->info.name, (int)length,
           word, desc->info.example);
    else
      inputs[i] = default_input(p, word, length);
  }
}

static int is_series(const parser *p, const argument *a) {
  return !a->key && !a->word && p->out->nodes[a->value.node].kind != PLN_EXPR_CONSTANT;
}

static pln_expr_ref parse_call(parser *p, const pln_ind_desc *desc, int32_t offset) {
  argument arguments[MAX_ARGUMENTS];
  const int n = parse_arguments(p, desc, arguments);
  if (n < 0) return NOWHERE;
  pln_expr_ref inputs[PLN_IND_MAX_INPUTS];
  double params[PLN_IND_MAX_PARAMS];
  int given[PLN_IND_MAX_PARAMS] = {0};
  for (int32_t i = 0; i < PLN_IND_MAX_INPUTS; i++) inputs[i] = NOWHERE;
  for (int32_t i = 0; i < desc->info.n_params; i++) params[i] = desc->info.params[i].default_value;

  int32_t i = 0, next_param = 0, n_inputs = desc->n_inputs;
  if (desc->info.input_kind == PLN_INPUT_SERIES) {
    for (; i < n && i < desc->n_inputs && !arguments[i].key && !arguments[i].word; i++)
      inputs[i] = arguments[i].value;
  } else if (desc->info.input_kind == PLN_INPUT_VARIADIC) {
    for (; i < n && i < PLN_IND_MAX_INPUTS && is_series(p, &arguments[i]); i++)
      inputs[i] = arguments[i].value;
    if (i > n_inputs) n_inputs = i;
  } else if (desc->info.input_kind == PLN_INPUT_SOURCE && n > 0 && is_series(p, &arguments[0])) {
    inputs[0] = arguments[0].value;
    i = 1;
  }
  for (; i < n && p->status == 0; i++) {
    const argument *a = &arguments[i];
    if (a->key)
      bind_keyword(p, desc, a, inputs, params, given);
    else if (next_param < desc->info.n_params)
      set_param(p, desc, next_param++, a, params, given);
    else
      fail(p, PLN_ERR_PARSE, a->offset, "%s: too many arguments (%d at most), as in %s", desc->info.name,
           (int)((desc->info.input_kind == PLN_INPUT_COLUMNS ? 0 : desc->n_inputs) + desc->info.n_params),
           desc->info.example);
  }
  complete_inputs(p, offset, desc, inputs);
  return add_call(p, offset, desc, params, inputs, n_inputs);
}

/* ".output" after a call. */
static pln_expr_ref parse_output(parser *p, pln_expr_ref ref) {
  if (p->status != 0 || !is_symbol(p, ".")) return ref;
  next(p);
  const pln_expr_node *node = &p->out->nodes[ref.node];
  const pln_token token = p->token;
  char text[48];
  if (token.kind != PLN_TOKEN_NAME)
    return fail(p, PLN_ERR_PARSE, token.begin, "found %s, expected the name of an output", found(p, text));
  if (node->kind == PLN_EXPR_CALL && node->desc->info.has_valid && is_word(p, "valid")) {
    next(p);
    pln_expr_node valid = *node;
    valid.valid = 1;
    return add_node(p, &valid);
  }
  if (node->kind == PLN_EXPR_CALL) {
    const char *s = node->desc->info.outputs, *best = NULL;
    int32_t distance = PLN_SUGGEST_FAR;
    for (int32_t i = 0; i < node->desc->n_outputs; i++) {
      const size_t length = strcspn(s, " ");
      if ((size_t)token.length == length && memcmp(token.text, s, length) == 0) {
        next(p);
        return (pln_expr_ref){ref.node, i};
      }
      char word[33];
      snprintf(word, sizeof word, "%.*s", (int)length, s);
      if (pln_suggest(token.text, token.length, word, NULL, &distance)) best = s;
      s += length + (s[length] == ' ');
    }
    return fail(p, PLN_ERR_NOT_FOUND, token.begin, "%s has no output '%.*s' (%s%.*s%s)",
                node->desc->info.name, (int)token.length, token.text,
                best ? "did you mean " : "it has: ", best ? (int)strcspn(best, " ") : 200,
                best ? best : node->desc->info.outputs, best ? "?" : "");
  }
  return fail(p, PLN_ERR_NOT_FOUND, token.begin, "a constant has no output '%.*s'", (int)token.length,
              token.text);
}

/* Names */

static pln_expr_ref unknown_name(parser *p, const pln_token *name, int is_call) {
  int32_t distance = PLN_SUGGEST_FAR;
  const char *best = NULL;
  const pln_bars *bars = p->streams[p->stream].bars;
  for (int32_t i = 0; i < pln_indicator_count(); i++)
    best = pln_suggest(name->text, name->length, pln_indicator_get(i)->name, best, &distance);
  for (int32_t i = 0; !is_call && i < PLN_EXPR_COLUMNS; i++)
    best = pln_suggest(name->text, name->length, column_names[i], best, &distance);
  for (int32_t i = 0; !is_call && i < bars->n_extra; i++)
    best = pln_suggest(name->text, name->length, bars->extra_names[i], best, &distance);
  char columns[200] = "; columns of the data: open high low close volume";
  size_t used = strlen(columns);
  for (int32_t i = 0; i < bars->n_extra && used < sizeof columns; i++) {
    const int fits = used + strlen(bars->extra_names[i]) + 5 < sizeof columns;
    used += (size_t)snprintf(columns + used, sizeof columns - used, " %s", fits ? bars->extra_names[i] : "…");
    if (!fits) break;
  }
  return fail(p, PLN_ERR_NOT_FOUND, name->begin, "no %s '%.*s'%s%s%s%s", is_call ? "indicator" : "series",
              name->length > 64 ? 64 : (int)name->length, name->text, best ? " (did you mean " : "",
              best ? best : "",
              best      ? "?)"
              : is_call ? " (perilune features list shows all)"
                        : "",
              is_call ? "" : columns);
}

static pln_expr_ref parse_name(parser *p, const pln_token *name) {
  const int is_call = is_symbol(p, "(");
  const int32_t column = is_call ? -1 : find_column(p, name->text, name->length);
  if (column >= 0) return add_column(p, column);
  const pln_ind_desc *desc = pln_ind_find(name->text, name->length);
  if (!desc) return unknown_name(p, name, is_call);
  if (is_call) return parse_output(p, parse_call(p, desc, name->begin));
  if (desc->info.input_kind != PLN_INPUT_COLUMNS || desc->info.n_params > 0)
    return fail(p, PLN_ERR_PARSE, name->begin, "%s is called with arguments, as in %s", desc->info.name,
                desc->info.example);
  pln_expr_ref inputs[PLN_IND_MAX_INPUTS];
  for (int32_t i = 0; i < PLN_IND_MAX_INPUTS; i++) inputs[i] = NOWHERE;
  complete_inputs(p, name->begin, desc, inputs);
  return add_call(p, name->begin, desc, NULL, inputs, desc->n_inputs);
}

/* SCOPE followed by '.' or ':' (the current token): what comes next is of that stream. */
static pln_expr_ref parse_scope(parser *p, const char *scope, int32_t offset) {
  int32_t stream = -1;
  int32_t distance = PLN_SUGGEST_FAR;
  const char *best = NULL;
  for (int32_t i = 0; i < p->n_streams; i++) {
    if (strcmp(p->streams[i].name, scope) == 0) stream = i;
    best = pln_suggest(scope, (int64_t)strlen(scope), p->streams[i].name, best, &distance);
  }
  if (stream < 0)
    return fail(p, PLN_ERR_NOT_FOUND, offset, "no stream '%.64s' here%s%s%s", scope,
                best ? " (did you mean " : "", best ? best : "",
                best ? "?)" : " (a scope is SYMBOL_TIMEFRAME, as in QQQ_1d.close)");
  next(p);
  const int32_t outer = p->stream;
  p->stream = stream;
  const pln_expr_ref ref = parse_unary(p);
  p->stream = outer;
  if (p->status != 0) return NOWHERE;
  const pln_expr_node *inner = &p->out->nodes[ref.node];
  if (inner->kind == PLN_EXPR_CONSTANT || inner->stream == outer) return ref;
  const pln_expr_node join = {.kind = PLN_EXPR_JOIN, .stream = outer, .n_args = 1, .args = {ref}};
  return add_node(p, &join);
}

static pln_expr_ref parse_primary(parser *p) {
  const pln_token token = p->token;
  char text[160];
  if (token.kind == PLN_TOKEN_NUMBER) {
    next(p);
    return add_constant(p, token.begin, token.number);
  }
  if (is_symbol(p, "(")) {
    next(p);
    const pln_expr_ref ref = parse_or(p);
    if (p->status == 0) expect(p, ")", "to close the bracket");
    return ref;
  }
  if (token.kind == PLN_TOKEN_STRING) {
    next(p);
    const int suffixed = p->token.kind == PLN_TOKEN_NAME && p->token.begin == token.end;
    if (token.length > 64 || (suffixed && p->token.length > 64))
      return fail(p, PLN_ERR_LIMIT, token.begin, "the scope's name is longer than 64 bytes");
    snprintf(text, sizeof text, "%.*s%.*s", (int)token.length, token.text,
             suffixed ? (int)p->token.length : 0, p->token.text);
    if (suffixed) next(p);
    if (is_symbol(p, ".") || is_symbol(p, ":")) return parse_scope(p, text, token.begin);
    return fail(p, PLN_ERR_PARSE, p->token.begin, "found %s, expected '.' or ':' after the scope",
                found(p, text));
  }
  if (token.kind == PLN_TOKEN_NAME && !is_word(p, "and") && !is_word(p, "or")) {
    next(p);
    if (!is_symbol(p, ".") && !is_symbol(p, ":")) return parse_name(p, &token);
    if (token.length > 128)
      return fail(p, PLN_ERR_LIMIT, token.begin, "the scope's name is longer than 128 bytes");
    snprintf(text, sizeof text, "%.*s", (int)token.length, token.text);
    return parse_scope(p, text, token.begin);
  }
  return fail(p, PLN_ERR_PARSE, token.begin, "found %s, expected a number, a series or an indicator",
              found(p, text));
}

static int enter(parser *p) {
  if (++p->depth <= PLN_EXPR_MAX_DEPTH) return p->status == 0;
  fail(p, PLN_ERR_LIMIT, p->token.begin, "nested more than %d deep", (int)PLN_EXPR_MAX_DEPTH);
  return 0;
}

static pln_expr_ref parse_unary(parser *p) {
  pln_expr_ref ref = NOWHERE;
  if (enter(p)) {
    const int32_t offset = p->token.begin;
    if (is_symbol(p, "-")) {
      next(p);
      ref = parse_unary(p);
      ref = add_operator(p, offset, PLN_OP_NEGATE, ref, NOWHERE);
    } else {
      ref = parse_primary(p);
    }
  }
  p->depth--;
  return ref;
}

typedef struct operator_level {
  struct {
    const char *text;
    pln_op op;
  } operators[6];
} operator_level;

static const operator_level products = {{{"*", PLN_OP_MULTIPLY}, {"/", PLN_OP_DIVIDE}}};
static const operator_level sums = {{{"+", PLN_OP_ADD}, {"-", PLN_OP_SUBTRACT}}};
static const operator_level comparisons = {{{">", PLN_OP_GREATER},
                                            {">=", PLN_OP_GREATER_EQUAL},
                                            {"<", PLN_OP_LESS},
                                            {"<=", PLN_OP_LESS_EQUAL},
                                            {"==", PLN_OP_EQUAL},
                                            {"!=", PLN_OP_NOT_EQUAL}}};
static const operator_level ands = {{{"and", PLN_OP_AND}}};
static const operator_level ors = {{{"or", PLN_OP_OR}}};

/* The operator at the current token, or -1. */
static int32_t match(const parser *p, const operator_level *level) {
  for (int32_t i = 0; i < 6 && level->operators[i].text; i++)
    if (is_symbol(p, level->operators[i].text) || is_word(p, level->operators[i].text))
      return (int32_t)level->operators[i].op;
  return -1;
}

static pln_expr_ref parse_chain(parser *p, const operator_level *level, pln_expr_ref (*operand)(parser *)) {
  pln_expr_ref ref = operand(p);
  for (int32_t op; p->status == 0 && (op = match(p, level)) >= 0;) {
    const int32_t offset = p->token.begin;
    next(p);
    const pln_expr_ref right = operand(p);
    ref = add_operator(p, offset, (pln_op)op, ref, right);
  }
  return ref;
}

static pln_expr_ref parse_product(parser *p) { return parse_chain(p, &products, parse_unary); }
static pln_expr_ref parse_sum(parser *p) { return parse_chain(p, &sums, parse_product); }

static pln_expr_ref parse_comparison(parser *p) {
  pln_expr_ref ref = parse_sum(p);
  const int32_t op = p->status == 0 ? match(p, &comparisons) : -1;
  if (op < 0) return ref;
  const int32_t offset = p->token.begin;
  next(p);
  const pln_expr_ref right = parse_sum(p);
  ref = add_operator(p, offset, (pln_op)op, ref, right);
  if (p->status == 0 && match(p, &comparisons) >= 0)
    return fail(p, PLN_ERR_PARSE, p->token.begin, "comparisons do not chain: write a < b and b < c");
  return ref;
}

static pln_expr_ref parse_not(parser *p) {
  if (!is_word(p, "not")) return parse_comparison(p);
  pln_expr_ref ref = NOWHERE;
  if (enter(p)) {
    const int32_t offset = p->token.begin;
    next(p);
    ref = parse_not(p);
    ref = add_operator(p, offset, PLN_OP_NOT, ref, NOWHERE);
  }
  p->depth--;
  return ref;
}

static pln_expr_ref parse_and(parser *p) { return parse_chain(p, &ands, parse_not); }

static pln_expr_ref parse_or(parser *p) {
  pln_expr_ref ref = NOWHERE;
  if (enter(p)) ref = parse_chain(p, &ors, parse_and);
  p->depth--;
  return ref;
}

int32_t pln_expr_parse(const char *text, const pln_expr_stream *streams, int32_t n_streams, int32_t stream,
                       pln_expr *out) {
  *out = (pln_expr){.root = NOWHERE};
  parser p = {.text = text, .streams = streams, .n_streams = n_streams, .stream = stream, .out = out};
  if (strlen(text) > PLN_EXPR_MAX_LENGTH)
    return pln_fail(PLN_ERR_LIMIT, "an expression of %zu bytes is longer than %d", strlen(text),
                    (int)PLN_EXPR_MAX_LENGTH);
  p.token = pln_lex(text, 0);
  if (p.token.kind == PLN_TOKEN_END) {
    fail(&p, PLN_ERR_PARSE, 0, "the expression is empty; write for example sma(close, 20)");
    return p.status;
  }
  out->root = parse_or(&p);
  if (p.status == 0 && p.token.kind != PLN_TOKEN_END) {
    char word[48];
    fail(&p, PLN_ERR_PARSE, p.token.begin, "found %s after the expression%s", found(&p, word),
         is_symbol(&p, "=") ? " (write == to compare)" : "");
  }
  return p.status;
}

void pln_expr_free(pln_expr *expr) {
  free(expr->nodes);
  *expr = (pln_expr){.root = NOWHERE};
}
