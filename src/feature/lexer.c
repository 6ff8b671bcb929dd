#include "feature/lexer.h"
#include "feature/expression.h"
#include "core/error.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static locale_t c_locale;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

static int is_digit(char c) { return c >= '0' && c <= '9'; }
static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/* End of a number: digits, fraction, exponent. */
static int32_t number_end(const char *s, int32_t i) {
  while (is_digit(s[i])) i++;
  if (s[i] == '.' && is_digit(s[i + 1])) {
    i++;
    while (is_digit(s[i])) i++;
  }
  if (s[i] == 'e' || s[i] == 'E') {
    int32_t j = i + 1;
    if (s[j] == '+' || s[j] == '-') j++;
    if (is_digit(s[j])) {
      while (is_digit(s[j])) j++;
      i = j;
    }
  }
  return i;
}

pln_token pln_lex(const char *s, int32_t offset) {
  int32_t i = offset;
  while (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') i++;
  pln_token token = {.kind = PLN_TOKEN_BAD, .begin = i, .text = s + i};
  const char c = s[i];
  if (c == 0) {
    token.kind = PLN_TOKEN_END;
  } else if (is_digit(c) || (c == '.' && is_digit(s[i + 1]))) {
    i = number_end(s, i);
    if (!is_letter(s[i])) {
      pthread_once(&once, make_locale);
      token.kind = PLN_TOKEN_NUMBER;
      token.number = strtod_l(token.text, NULL, c_locale);
    }
  } else if (is_letter(c)) {
    token.kind = PLN_TOKEN_NAME;
    while (is_letter(s[i]) || is_digit(s[i])) i++;
  } else if (c == '"') {
    const char *end = strchr(s + i + 1, '"');
    if (end) {
      token.kind = PLN_TOKEN_STRING;
      token.text = s + i + 1;
      token.length = (int32_t)(end - token.text);
      token.end = (int32_t)(end - s) + 1;
      return token;
    }
    i++;
  } else if (strchr("()+-*/,.:", c)) {
    token.kind = PLN_TOKEN_SYMBOL;
    i++;
  } else if (strchr("<>=!", c)) {
    i++;
    if (s[i] == '=') i++;
    if (c != '!' || i - token.begin == 2) token.kind = PLN_TOKEN_SYMBOL;
  } else {
    i++;
  }
  token.end = i;
  token.length = i - token.begin;
  return token;
}

/* Whether the text of n bytes is one of the lines of `lines`. */
static int has_line(const char *lines, const char *text, size_t n) {
  for (const char *s = lines; *s; s += strcspn(s, "\n"), s += *s == '\n')
    if (strcspn(s, "\n") == n && memcmp(s, text, n) == 0) return 1;
  return 0;
}

/* heikin_ashi.open: an output, not a scope. */
static int is_bare(const pln_token *name) {
  const pln_ind_desc *desc = pln_ind_find(name->text, name->length);
  return desc && pln_expr_is_bare(desc);
}

int64_t pln_expression_scopes(const char *expression, char *out, int64_t size) {
  int64_t used = 0;
  if (size < 1) return pln_fail(PLN_ERR_LIMIT, "no room for the scopes of an expression");
  out[0] = 0;
  for (pln_token token = pln_lex(expression, 0); token.kind != PLN_TOKEN_END;) {
    const pln_token first = token;
    token = pln_lex(expression, token.end);
    if (first.kind != PLN_TOKEN_NAME && first.kind != PLN_TOKEN_STRING) continue;
    pln_token last = {0};
    if (first.kind == PLN_TOKEN_STRING && token.kind == PLN_TOKEN_NAME && token.begin == first.end) {
      last = token;
      token = pln_lex(expression, token.end);
    }
    if (token.kind != PLN_TOKEN_SYMBOL || (token.text[0] != '.' && token.text[0] != ':')) continue;
    if (first.kind == PLN_TOKEN_NAME && is_bare(&first)) continue;
    char name[160];
    const int n = snprintf(name, sizeof name, "%.*s%.*s", (int)first.length, first.text, (int)last.length,
                           last.length ? last.text : "");
    if (n >= (int)sizeof name)
      return pln_fail(PLN_ERR_LIMIT, "a scope is longer than %zu bytes", sizeof name - 1);
    if (has_line(out, name, (size_t)n)) continue;
    if (used + n + 2 > size) return pln_fail(PLN_ERR_LIMIT, "no room for the scopes of an expression");
    if (used) out[used++] = '\n';
    memcpy(out + used, name, (size_t)n + 1);
    used += n;
  }
  return used;
}
