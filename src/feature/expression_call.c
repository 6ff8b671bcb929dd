#include "feature/parser.h"

#include <assert.h>
#include <stdio.h>

enum { MAX_ARGUMENTS = PLN_IND_MAX_INPUTS + PLN_IND_MAX_PARAMS };

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
static int is_parameter_word(const pln_parser *p, const pln_ind_desc *desc, const argument *a) {
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

static int parse_arguments(pln_parser *p, const pln_ind_desc *desc, argument *arguments) {
  int32_t n = 0;
  if (!pln_parser_expect(p, "(", "after the name")) return -1;
  while (!is_symbol(p, ")")) {
    if (n > 0 && !pln_parser_expect(p, ",", "between arguments or ')' after the last")) return -1;
    if (n == MAX_ARGUMENTS) {
      pln_parser_fail(p, PLN_ERR_PARSE, p->token.begin, "%s: too many arguments", desc->info.name);
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
      a->value = PLN_NOWHERE;
      next(p);
    } else {
      a->value = pln_parse_expression(p);
    }
    if (p->status != 0) return -1;
    if (n > 1 && arguments[n - 2].key && !a->key) {
      pln_parser_fail(p, PLN_ERR_PARSE, a->offset, "%s: an argument without a name after one with a name",
                      desc->info.name);
      return -1;
    }
  }
  next(p);
  return n;
}

static void set_word(pln_parser *p, const pln_ind_desc *desc, int32_t index, const argument *a,
                     double *params) {
  const pln_indicator_param *param = &desc->info.params[index];
  const int32_t value = word_index(param->words, a->word, a->word_length);
  if (value < 0)
    pln_parser_fail(p, PLN_ERR_NOT_FOUND, a->offset, "%s: %s is '%.*s', expected one of: %s", desc->info.name,
                    param->name, a->word_length > 32 ? 32 : (int)a->word_length, a->word,
                    param->words ? param->words : "a number");
  params[index] = value;
}

static void set_param(pln_parser *p, const pln_ind_desc *desc, int32_t index, const argument *a,
                      double *params, int *given) {
  const pln_indicator_param *param = &desc->info.params[index];
  if (given[index]) {
    pln_parser_fail(p, PLN_ERR_PARSE, a->offset, "%s: %s is given twice", desc->info.name, param->name);
    return;
  }
  given[index] = 1;
  if (a->word) {
    set_word(p, desc, index, a, params);
    return;
  }
  const pln_expr_node *node = &p->out->nodes[a->value.node];
  if (node->kind != PLN_EXPR_CONSTANT)
    pln_parser_fail(p, PLN_ERR_PARSE, a->offset, "%s: %s must be a number, not a series", desc->info.name,
                    param->name);
  else if (param->is_integer && node->value != floor(node->value))
    pln_parser_fail(p, PLN_ERR_RANGE, a->offset, "%s: %s %.15g must be a whole number", desc->info.name,
                    param->name, node->value);
  else if (node->value < param->min_value || node->value > param->max_value)
    pln_parser_fail(p, PLN_ERR_RANGE, a->offset, "%s: %s %.15g is out of range %.15g…%.15g", desc->info.name,
                    param->name, node->value, param->min_value, param->max_value);
  params[index] = node->value;
}

static void unknown_key(pln_parser *p, const pln_ind_desc *desc, const argument *a) {
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
    pln_parser_fail(p, PLN_ERR_NOT_FOUND, a->offset, "%s has no parameter '%.*s' (did you mean %s?)", name,
                    a->key_length, a->key, best);
  else
    pln_parser_fail(p, PLN_ERR_NOT_FOUND, a->offset, "%s has no parameter '%.*s' (it has: %s)", name,
                    a->key_length, a->key, names[0] ? names : "none");
}

static void bind_keyword(pln_parser *p, const pln_ind_desc *desc, const argument *a, pln_expr_ref *inputs,
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
        pln_parser_fail(p, PLN_ERR_PARSE, a->offset, "%s: %.*s is given twice", desc->info.name,
                        a->key_length, a->key);
      inputs[i] = a->value;
      return;
    }
  }
  unknown_key(p, desc, a);
}

static void complete_inputs(pln_parser *p, int32_t offset, const pln_ind_desc *desc, pln_expr_ref *inputs);

/* The series that a descriptor's input means where none is written: a column, a clock, or hl2 and the like.
 */
static pln_expr_ref default_input(pln_parser *p, const pln_ind_desc *desc, const char *word, int32_t length) {
  if (is_named(word, length, "source")) word = "close", length = 5;
  const int32_t clock = pln_parser_find_clock(word, length);
  const int32_t column = clock >= 0 ? clock : pln_parser_find_column(p, word, length);
  if (column >= 0) return pln_parser_column(p, column);
  const pln_ind_desc *derived = pln_ind_find(word, length);
  if (derived && derived != desc && pln_expr_is_bare(derived))
    return pln_parse_bare(p, derived, p->token.begin);
  return pln_parser_fail(p, PLN_ERR_NOT_FOUND, p->token.begin,
                         "%s reads the column '%.*s', which the data lacks", desc->info.name, (int)length,
                         word);
}

/* Fills in the inputs that were not written. */
static void complete_inputs(pln_parser *p, int32_t offset, const pln_ind_desc *desc, pln_expr_ref *inputs) {
  for (int32_t i = 0; i < desc->n_inputs && p->status == 0; i++) {
    if (inputs[i].node >= 0) continue;
    const char *word;
    const int32_t length = input_word(desc, i, &word);
    if (desc->info.input_kind == PLN_INPUT_SERIES || desc->info.input_kind == PLN_INPUT_VARIADIC)
      pln_parser_fail(p, PLN_ERR_PARSE, offset, "%s: the series %.*s is missing, as in %s", desc->info.name,
                      (int)length, word, desc->info.example);
    else
      inputs[i] = default_input(p, desc, word, length);
  }
}

pln_expr_ref pln_parse_bare(pln_parser *p, const pln_ind_desc *desc, int32_t offset) {
  pln_expr_ref inputs[PLN_IND_MAX_INPUTS];
  for (int32_t i = 0; i < PLN_IND_MAX_INPUTS; i++) inputs[i] = PLN_NOWHERE;
  complete_inputs(p, offset, desc, inputs);
  double params[PLN_IND_MAX_PARAMS] = {0};
  for (int32_t i = 0; i < desc->info.n_params; i++) params[i] = desc->info.params[i].default_value;
  return pln_parser_call(p, offset, desc, params, inputs, desc->n_inputs);
}

static int is_series(const pln_parser *p, const argument *a) {
  return !a->key && !a->word && p->out->nodes[a->value.node].kind != PLN_EXPR_CONSTANT;
}

pln_expr_ref pln_parse_call(pln_parser *p, const pln_ind_desc *desc, int32_t offset) {
  argument arguments[MAX_ARGUMENTS];
  const int n = parse_arguments(p, desc, arguments);
  if (n < 0) return PLN_NOWHERE;
  pln_expr_ref inputs[PLN_IND_MAX_INPUTS];
  double params[PLN_IND_MAX_PARAMS];
  int given[PLN_IND_MAX_PARAMS] = {0};
  for (int32_t i = 0; i < PLN_IND_MAX_INPUTS; i++) inputs[i] = PLN_NOWHERE;
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
      pln_parser_fail(
          p, PLN_ERR_PARSE, a->offset, "%s: too many arguments (%d at most), as in %s", desc->info.name,
          (int)((desc->info.input_kind == PLN_INPUT_COLUMNS ? 0 : desc->n_inputs) + desc->info.n_params),
          desc->info.example);
  }
  complete_inputs(p, offset, desc, inputs);
  return pln_parser_call(p, offset, desc, params, inputs, n_inputs);
}

/* ".output" after a call. */
pln_expr_ref pln_parse_output(pln_parser *p, pln_expr_ref ref) {
  if (p->status != 0 || !is_symbol(p, ".")) return ref;
  next(p);
  const pln_expr_node *node = &p->out->nodes[ref.node];
  const pln_token token = p->token;
  char text[48];
  if (token.kind != PLN_TOKEN_NAME)
    return pln_parser_fail(p, PLN_ERR_PARSE, token.begin, "found %s, expected the name of an output",
                           pln_parser_found(p, text));
  if (node->kind == PLN_EXPR_CALL && node->desc->info.has_valid && is_word(p, "valid")) {
    next(p);
    if (!node->desc->step)
      return (pln_expr_ref){ref.node, node->desc->n_outputs}; /* the caller gives it along */
    pln_expr_node valid = *node;
    valid.valid = 1;
    return pln_parser_add(p, &valid);
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
    return pln_parser_fail(p, PLN_ERR_NOT_FOUND, token.begin, "%s has no output '%.*s' (%s%.*s%s)",
                           node->desc->info.name, (int)token.length, token.text,
                           best ? "did you mean " : "it has: ", best ? (int)strcspn(best, " ") : 200,
                           best ? best : node->desc->info.outputs, best ? "?" : "");
  }
  return pln_parser_fail(p, PLN_ERR_NOT_FOUND, token.begin, "a constant has no output '%.*s'",
                         (int)token.length, token.text);
}
