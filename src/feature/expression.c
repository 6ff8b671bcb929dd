#include "feature/parser.h"
#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>

static pln_expr_ref parse_unary(pln_parser *p);

static pln_expr_ref unknown_name(pln_parser *p, const pln_token *name, int is_call) {
  int32_t distance = PLN_SUGGEST_FAR;
  const char *best = NULL;
  const pln_bars *bars = p->names->streams[p->stream].bars;
  for (int32_t i = 0; i < pln_indicator_count(); i++)
    best = pln_suggest(name->text, name->length, pln_indicator_get(i)->name, best, &distance);
  for (int32_t i = 0; i < p->names->n_definitions; i++)
    best = pln_suggest(name->text, name->length, p->names->definitions[i]->info.name, best, &distance);
  for (int32_t i = 0; !is_call && i < PLN_EXPR_COLUMNS; i++)
    best = pln_suggest(name->text, name->length, pln_column_names[i], best, &distance);
  for (int32_t i = 0; !is_call && i < bars->n_extra; i++)
    best = pln_suggest(name->text, name->length, bars->extra_names[i], best, &distance);
  char columns[200] = "; columns of the data: open high low close volume";
  size_t used = strlen(columns);
  for (int32_t i = 0; i < bars->n_extra && used < sizeof columns; i++) {
    const int fits = used + strlen(bars->extra_names[i]) + 5 < sizeof columns;
    used += (size_t)snprintf(columns + used, sizeof columns - used, " %s", fits ? bars->extra_names[i] : "…");
    if (!fits) break;
  }
  return pln_parser_fail(p, PLN_ERR_NOT_FOUND, name->begin, "no %s '%.*s'%s%s%s%s",
                         is_call ? "indicator" : "series", name->length > 64 ? 64 : (int)name->length,
                         name->text, best ? " (did you mean " : "", best ? best : "",
                         best      ? "?)"
                         : is_call ? " (perilune features list shows all)"
                                   : "",
                         is_call ? "" : columns);
}

static pln_expr_ref parse_name(pln_parser *p, const pln_token *name) {
  const int is_call = is_symbol(p, "(");
  const int32_t column = is_call ? -1 : pln_parser_find_column(p, name->text, name->length);
  if (column >= 0) return pln_parser_column(p, column);
  const pln_ind_desc *desc = pln_parser_find(p, name->text, name->length);
  if (!desc) return unknown_name(p, name, is_call);
  if (is_call) return pln_parse_output(p, pln_parse_call(p, desc, name->begin));
  if (!pln_expr_is_bare(desc))
    return pln_parser_fail(p, PLN_ERR_PARSE, name->begin, "%s is called with arguments, as in %s",
                           desc->info.name, desc->info.example);
  return pln_parse_output(p, pln_parse_bare(p, desc, name->begin));
}

/* Whether the name, before a '.', is not that of a stream but of an indicator that stands by itself. */
static int is_bare_name(const pln_parser *p, const pln_token *name) {
  for (int32_t i = 0; i < p->names->n_streams; i++)
    if (is_text(name, p->names->streams[i].name)) return 0;
  const pln_ind_desc *desc = pln_parser_find(p, name->text, name->length);
  return desc && pln_expr_is_bare(desc);
}

/* SCOPE followed by '.' or ':' (the current token): what comes next is of that stream. */
static pln_expr_ref parse_scope(pln_parser *p, const char *scope, int32_t offset) {
  int32_t stream = -1;
  int32_t distance = PLN_SUGGEST_FAR;
  const char *best = NULL;
  for (int32_t i = 0; i < p->names->n_streams; i++) {
    const char *name = p->names->streams[i].name;
    if (strcmp(name, scope) == 0) stream = i;
    best = pln_suggest(scope, (int64_t)strlen(scope), name, best, &distance);
  }
  if (stream < 0)
    return pln_parser_fail(p, PLN_ERR_NOT_FOUND, offset, "no stream '%.64s' here%s%s%s", scope,
                           best ? " (did you mean " : "", best ? best : "",
                           best ? "?)" : " (a scope is SYMBOL_TIMEFRAME, as in QQQ_1d.close)");
  next(p);
  const int32_t outer = p->stream;
  p->stream = stream;
  const pln_expr_ref ref = parse_unary(p);
  p->stream = outer;
  if (p->status != 0) return PLN_NOWHERE;
  const pln_expr_node *inner = &p->out->nodes[ref.node];
  if (inner->kind == PLN_EXPR_CONSTANT || inner->stream == outer) return ref;
  const pln_expr_node join = {.kind = PLN_EXPR_JOIN, .stream = outer, .n_args = 1, .args = {ref}};
  return pln_parser_add(p, &join);
}

static pln_expr_ref parse_primary(pln_parser *p) {
  const pln_token token = p->token;
  char text[160];
  if (token.kind == PLN_TOKEN_NUMBER) {
    next(p);
    return pln_parser_constant(p, token.begin, token.number);
  }
  if (is_symbol(p, "(")) {
    next(p);
    const pln_expr_ref ref = pln_parse_expression(p);
    if (p->status == 0) pln_parser_expect(p, ")", "to close the bracket");
    return ref;
  }
  if (token.kind == PLN_TOKEN_STRING) {
    next(p);
    const int suffixed = p->token.kind == PLN_TOKEN_NAME && p->token.begin == token.end;
    if (token.length > 64 || (suffixed && p->token.length > 64))
      return pln_parser_fail(p, PLN_ERR_LIMIT, token.begin, "the scope's name is longer than 64 bytes");
    snprintf(text, sizeof text, "%.*s%.*s", (int)token.length, token.text,
             suffixed ? (int)p->token.length : 0, p->token.text);
    if (suffixed) next(p);
    if (is_symbol(p, ".") || is_symbol(p, ":")) return parse_scope(p, text, token.begin);
    return pln_parser_fail(p, PLN_ERR_PARSE, p->token.begin, "found %s, expected '.' or ':' after the scope",
                           pln_parser_found(p, text));
  }
  if (token.kind == PLN_TOKEN_NAME && !is_word(p, "and") && !is_word(p, "or")) {
    next(p);
    if (!is_symbol(p, ":") && (!is_symbol(p, ".") || is_bare_name(p, &token))) return parse_name(p, &token);
    if (token.length > 128)
      return pln_parser_fail(p, PLN_ERR_LIMIT, token.begin, "the scope's name is longer than 128 bytes");
    snprintf(text, sizeof text, "%.*s", (int)token.length, token.text);
    return parse_scope(p, text, token.begin);
  }
  return pln_parser_fail(p, PLN_ERR_PARSE, token.begin,
                         "found %s, expected a number, a series or an indicator", pln_parser_found(p, text));
}

static int enter(pln_parser *p) {
  if (++p->depth <= PLN_EXPR_MAX_DEPTH) return p->status == 0;
  pln_parser_fail(p, PLN_ERR_LIMIT, p->token.begin, "nested more than %d deep", (int)PLN_EXPR_MAX_DEPTH);
  return 0;
}

static pln_expr_ref parse_unary(pln_parser *p) {
  pln_expr_ref ref = PLN_NOWHERE;
  if (enter(p)) {
    const int32_t offset = p->token.begin;
    if (is_symbol(p, "-")) {
      next(p);
      ref = parse_unary(p);
      ref = pln_parser_operator(p, offset, PLN_OP_NEGATE, ref, PLN_NOWHERE);
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
static int32_t match(const pln_parser *p, const operator_level *level) {
  for (int32_t i = 0; i < 6 && level->operators[i].text; i++)
    if (is_symbol(p, level->operators[i].text) || is_word(p, level->operators[i].text))
      return (int32_t)level->operators[i].op;
  return -1;
}

static pln_expr_ref parse_chain(pln_parser *p, const operator_level *level,
                                pln_expr_ref (*operand)(pln_parser *)) {
  pln_expr_ref ref = operand(p);
  for (int32_t op; p->status == 0 && (op = match(p, level)) >= 0;) {
    const int32_t offset = p->token.begin;
    next(p);
    const pln_expr_ref right = operand(p);
    ref = pln_parser_operator(p, offset, (pln_op)op, ref, right);
  }
  return ref;
}

static pln_expr_ref parse_product(pln_parser *p) { return parse_chain(p, &products, parse_unary); }
static pln_expr_ref parse_sum(pln_parser *p) { return parse_chain(p, &sums, parse_product); }

static pln_expr_ref parse_comparison(pln_parser *p) {
  pln_expr_ref ref = parse_sum(p);
  const int32_t op = p->status == 0 ? match(p, &comparisons) : -1;
  if (op < 0) return ref;
  const int32_t offset = p->token.begin;
  next(p);
  const pln_expr_ref right = parse_sum(p);
  ref = pln_parser_operator(p, offset, (pln_op)op, ref, right);
  if (p->status == 0 && match(p, &comparisons) >= 0)
    return pln_parser_fail(p, PLN_ERR_PARSE, p->token.begin,
                           "comparisons do not chain: write a < b and b < c");
  return ref;
}

static pln_expr_ref parse_not(pln_parser *p) {
  if (!is_word(p, "not")) return parse_comparison(p);
  pln_expr_ref ref = PLN_NOWHERE;
  if (enter(p)) {
    const int32_t offset = p->token.begin;
    next(p);
    ref = parse_not(p);
    ref = pln_parser_operator(p, offset, PLN_OP_NOT, ref, PLN_NOWHERE);
  }
  p->depth--;
  return ref;
}

static pln_expr_ref parse_and(pln_parser *p) { return parse_chain(p, &ands, parse_not); }

pln_expr_ref pln_parse_expression(pln_parser *p) {
  pln_expr_ref ref = PLN_NOWHERE;
  if (enter(p)) ref = parse_chain(p, &ors, parse_and);
  p->depth--;
  return ref;
}

int32_t pln_expr_parse(const char *text, const pln_expr_names *names, int32_t stream, pln_expr *out) {
  *out = (pln_expr){.root = PLN_NOWHERE};
  pln_parser p = {.text = text, .names = names, .stream = stream, .out = out};
  if (strlen(text) > PLN_EXPR_MAX_LENGTH)
    return pln_fail(PLN_ERR_LIMIT, "an expression of %zu bytes is longer than %d", strlen(text),
                    (int)PLN_EXPR_MAX_LENGTH);
  p.token = pln_lex(text, 0);
  if (p.token.kind == PLN_TOKEN_END) {
    pln_parser_fail(&p, PLN_ERR_PARSE, 0, "the expression is empty; write for example sma(close, 20)");
    return p.status;
  }
  out->root = pln_parse_expression(&p);
  if (p.status == 0 && p.token.kind != PLN_TOKEN_END) {
    char word[48];
    pln_parser_fail(&p, PLN_ERR_PARSE, p.token.begin, "found %s after the expression%s",
                    pln_parser_found(&p, word), is_symbol(&p, "=") ? " (write == to compare)" : "");
  }
  return p.status;
}

void pln_expr_free(pln_expr *expr) {
  free(expr->nodes);
  *expr = (pln_expr){.root = PLN_NOWHERE};
}
