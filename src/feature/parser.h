#pragma once
/* The inside of the expression parser: what expression.c (grammar, names), expression_call.c (arguments of
 * calls) and expression_node.c (nodes, messages) share. */
#include "feature/expression.h"
#include "feature/lexer.h"

#include <string.h>

typedef struct pln_parser {
  const char *text;
  pln_token token;
  const pln_expr_names *names;
  int32_t stream; /* whose rows are meant here */
  int32_t depth;
  int32_t status;
  pln_expr *out;
} pln_parser;

static const pln_expr_ref PLN_NOWHERE = {-1, 0};
extern const char *const pln_column_names[PLN_EXPR_COLUMNS];

static inline void next(pln_parser *p) { p->token = pln_lex(p->text, p->token.end); }
static inline int is_named(const char *name, int32_t length, const char *other) {
  return (int32_t)strlen(other) == length && memcmp(other, name, (size_t)length) == 0;
}
static inline int is_text(const pln_token *token, const char *text) {
  return is_named(token->text, token->length, text);
}
static inline int is_symbol(const pln_parser *p, const char *symbol) {
  return p->token.kind == PLN_TOKEN_SYMBOL && is_text(&p->token, symbol);
}
static inline int is_word(const pln_parser *p, const char *word) {
  return p->token.kind == PLN_TOKEN_NAME && is_text(&p->token, word);
}

/* expression_node.c. The first failure counts; after one, everything gives PLN_NOWHERE. */
__attribute__((format(printf, 4, 5))) pln_expr_ref pln_parser_fail(pln_parser *p, int32_t code,
                                                                   int32_t offset, const char *format, ...);
/* What stands at the current token, for "found …". */
const char *pln_parser_found(const pln_parser *p, char out[48]);
int pln_parser_expect(pln_parser *p, const char *symbol, const char *where);
pln_expr_ref pln_parser_add(pln_parser *p, const pln_expr_node *node);
pln_expr_ref pln_parser_constant(pln_parser *p, int32_t offset, double value);
pln_expr_ref pln_parser_column(pln_parser *p, int32_t column);
/* The clock or column of that name, or -1. The data's own columns come before clocks. */
int32_t pln_parser_find_clock(const char *name, int32_t length);
int32_t pln_parser_find_column(const pln_parser *p, const char *name, int32_t length);
/* The indicator or function of that name, the caller's own before the built-in ones, or NULL. */
const pln_ind_desc *pln_parser_find(const pln_parser *p, const char *name, int32_t length);
pln_expr_ref pln_parser_call(pln_parser *p, int32_t offset, const pln_ind_desc *desc, const double *params,
                             const pln_expr_ref *args, int32_t n_args);
pln_expr_ref pln_parser_operator(pln_parser *p, int32_t offset, pln_op op, pln_expr_ref a, pln_expr_ref b);

/* expression_call.c. Arguments from "(" on; an indicator that stands by itself; ".output" after either. */
pln_expr_ref pln_parse_call(pln_parser *p, const pln_ind_desc *desc, int32_t offset);
pln_expr_ref pln_parse_bare(pln_parser *p, const pln_ind_desc *desc, int32_t offset);
pln_expr_ref pln_parse_output(pln_parser *p, pln_expr_ref ref);

/* expression.c */
pln_expr_ref pln_parse_expression(pln_parser *p);
