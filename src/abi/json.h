#pragma once
#include "abi/types.h"
/* Reading JSON (RFC 8259) and writing its strings; lua/json.lua is what programs use. */
typedef struct pln_json pln_json;       /* a parsed text */
typedef struct pln_json_node pln_json_node; /* a value in it: borrowed, valid until the text is freed */

typedef enum pln_json_type {
  PLN_JSON_NULL = 0,
  PLN_JSON_FALSE = 1,
  PLN_JSON_TRUE = 2,
  PLN_JSON_INTEGER = 3,
  PLN_JSON_REAL = 4,
  PLN_JSON_STRING = 5,
  PLN_JSON_ARRAY = 6,
  PLN_JSON_OBJECT = 7
} pln_json_type;

/* Parses one value of any type. `name` stands for the file in messages. NULL on error: PLN_ERR_PARSE with line and
 * column (duplicate keys and texts after the value included), PLN_ERR_LIMIT beyond 64 MB or 512 levels. */
pln_json *pln_json_parse(const char *text, int64_t length, const char *name);
void pln_json_free(pln_json *json);
const pln_json_node *pln_json_root(const pln_json *json);

int32_t pln_json_type_of(const pln_json_node *node);
int64_t pln_json_integer(const pln_json_node *node);
double pln_json_real(const pln_json_node *node);
const char *pln_json_string(const pln_json_node *node, int64_t *length);
int64_t pln_json_size(const pln_json_node *node); /* elements of an array, members of an object */
const pln_json_node *pln_json_element(const pln_json_node *node, int64_t index); /* counts from 0 */
/* Walks an object's members in the order of the text: pass NULL, then what was returned; NULL at the end. */
void *pln_json_next(const pln_json_node *node, void *member);
const char *pln_json_key(void *member, int64_t *length);
const pln_json_node *pln_json_value(void *member);

/* Writes `text` as a JSON string with its quotes (no NUL); bytes that are not UTF-8 become U+FFFD. `out` has room
 * for 6 * length + 2 bytes. Returns the number of bytes written. */
int64_t pln_json_quote(const char *text, int64_t length, char *out);
