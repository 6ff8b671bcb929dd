#pragma once
#include <stdint.h>

/* Tokens of the expression language. */
typedef enum pln_token_kind {
  PLN_TOKEN_END,
  PLN_TOKEN_NUMBER,
  PLN_TOKEN_NAME,
  PLN_TOKEN_STRING, /* text without its quotes */
  PLN_TOKEN_SYMBOL, /* one of ( ) , . : = + - * / > < >= <= == != */
  PLN_TOKEN_BAD     /* a character that begins no token, a string without an end, a malformed number */
} pln_token_kind;

typedef struct pln_token {
  int32_t kind;
  int32_t begin;  /* offset in the text, of the quote for strings */
  int32_t end;    /* offset after the token */
  int32_t length; /* of `text` */
  const char *text;
  double number;
} pln_token;

/* The token at or after `offset` of NUL-terminated `text`. */
pln_token pln_lex(const char *text, int32_t offset);
