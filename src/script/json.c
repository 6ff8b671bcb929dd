/* JSON over jansson. */
#include "abi/json.h"
#include "core/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

enum { MAX_BYTES = 64 << 20, MAX_DEPTH = 512 };

/* pln_json is jansson's root value, pln_json_node any value: the types only keep owned and borrowed apart. */
static const json_t *value_of(const pln_json_node *node) { return (const json_t *)(const void *)node; }

/* Jansson recurses once for each level, so depth is bounded before it is called. 0 or the 1-based offset of
 * the bracket that is one too many. */
static int64_t too_deep(const char *text, int64_t length) {
  int depth = 0;
  bool quoted = false;
  for (int64_t i = 0; i < length; i++) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        i++;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > MAX_DEPTH) return i + 1;
    } else if (c == ']' || c == '}') {
      depth--;
    }
  }
  return 0;
}

pln_json *pln_json_parse(const char *text, int64_t length, const char *name) {
  if (length > MAX_BYTES) {
    pln_fail_at(PLN_ERR_LIMIT, name, 0, 0, "a JSON text of %lld bytes: 64 MB at most", (long long)length);
    return NULL;
  }
  const int64_t deep = too_deep(text, length);
  if (deep) {
    int64_t line = 1, column = 1;
    for (int64_t i = 0; i < deep - 1; i++) {
      column = text[i] == '\n' ? 1 : column + 1;
      line += text[i] == '\n';
    }
    pln_fail_at(PLN_ERR_LIMIT, name, line, column, "JSON nested deeper than %d levels", MAX_DEPTH);
    return NULL;
  }
  json_error_t error;
  json_t *root =
      json_loadb(text, (size_t)length, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
  if (!root) {
    if (json_error_code(&error) == json_error_out_of_memory)
      pln_fail(PLN_ERR_MEMORY, "no memory for a JSON text");
    else
      pln_fail_at(PLN_ERR_PARSE, name, error.line > 0 ? error.line : 1, error.column > 0 ? error.column : 1,
                  "not JSON: %s", error.text);
    return NULL;
  }
  return (pln_json *)(void *)root;
}

void pln_json_free(pln_json *json) { json_decref((json_t *)(void *)json); }

const pln_json_node *pln_json_root(const pln_json *json) { return (const pln_json_node *)(const void *)json; }

int32_t pln_json_type_of(const pln_json_node *node) {
  switch (json_typeof(value_of(node))) {
  case JSON_FALSE:
    return PLN_JSON_FALSE;
  case JSON_TRUE:
    return PLN_JSON_TRUE;
  case JSON_INTEGER:
    return PLN_JSON_INTEGER;
  case JSON_REAL:
    return PLN_JSON_REAL;
  case JSON_STRING:
    return PLN_JSON_STRING;
  case JSON_ARRAY:
    return PLN_JSON_ARRAY;
  case JSON_OBJECT:
    return PLN_JSON_OBJECT;
  default:
    return PLN_JSON_NULL;
  }
}

int64_t pln_json_integer(const pln_json_node *node) { return json_integer_value(value_of(node)); }
double pln_json_real(const pln_json_node *node) { return json_number_value(value_of(node)); }

const char *pln_json_string(const pln_json_node *node, int64_t *length) {
  *length = (int64_t)json_string_length(value_of(node));
  return json_string_value(value_of(node));
}

int64_t pln_json_size(const pln_json_node *node) {
  const json_t *value = value_of(node);
  return (int64_t)(json_is_array(value) ? json_array_size(value) : json_object_size(value));
}

const pln_json_node *pln_json_element(const pln_json_node *node, int64_t index) {
  return (const pln_json_node *)(const void *)json_array_get(value_of(node), (size_t)index);
}

void *pln_json_next(const pln_json_node *node, void *member) {
  json_t *object = (json_t *)value_of(node); /* jansson's iterators are not const, but change nothing */
  return member ? json_object_iter_next(object, member) : json_object_iter(object);
}

const char *pln_json_key(void *member, int64_t *length) {
  const char *key = json_object_iter_key(member);
  *length = (int64_t)strlen(key);
  return key;
}

const pln_json_node *pln_json_value(void *member) {
  return (const pln_json_node *)(const void *)json_object_iter_value(member);
}

/* Length of the UTF-8 sequence at `text`, 0 where it is none (RFC 3629: no overlong form, no surrogate). */
static int64_t utf8_length(const unsigned char *text, int64_t available) {
  const unsigned char lead = text[0];
  if (lead < 0x80) return 1;
  const int64_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                         : lead >= 0xe0 && lead <= 0xef ? 3
                         : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                        : 0;
  if (length == 0 || length > available) return 0;
  for (int64_t i = 1; i < length; i++)
    if ((text[i] & 0xc0) != 0x80) return 0;
  if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f) ||
      (lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f))
    return 0;
  return length;
}

static char *append(char *to, const char *text) {
  while (*text) *to++ = *text++;
  return to;
}

int64_t pln_json_quote(const char *text, int64_t length, char *out) {
  static const char hex[] = "0123456789abcdef";
  char *to = out;
  *to++ = '"';
  for (int64_t i = 0; i < length;) {
    const unsigned char c = (unsigned char)text[i];
    const int64_t n = utf8_length((const unsigned char *)text + i, length - i);
    if (n == 0) {
      to = append(to, "\xef\xbf\xbd");
      i++;
    } else if (c == '"' || c == '\\') {
      *to++ = '\\';
      *to++ = (char)c;
      i++;
    } else if (c == '\n' || c == '\t' || c == '\r') {
      *to++ = '\\';
      *to++ = c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
      i++;
    } else if (c < 0x20 || c == 0x7f) {
      to = append(to, "\\u00");
      *to++ = hex[c >> 4];
      *to++ = hex[c & 15];
      i++;
    } else {
      memcpy(to, text + i, (size_t)n);
      to += n;
      i += n;
    }
  }
  *to++ = '"';
  return to - out;
}
