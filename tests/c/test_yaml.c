#include "abi/core.h"
#include "abi/yaml.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static pln_yaml *parse(const char *text) { return pln_yaml_parse(text, (int64_t)strlen(text), "f", NULL); }

static const pln_yaml_node *value_of(const pln_yaml *yaml, const pln_yaml_node *map, const char *key) {
  for (int32_t i = 0; i < map->n_children; i += 2)
    if (strcmp(yaml->nodes[map->children[i]].text, key) == 0) return &yaml->nodes[map->children[i + 1]];
  return NULL;
}

static void refused(const char *text, size_t size, int32_t code, const char *message) {
  pln_yaml *yaml = pln_yaml_parse(text, (int64_t)size, "f", NULL);
  assert_null(yaml);
  assert_string_equal(pln_error_last()->text, message);
  assert_int_equal(pln_error_last()->code, code);
}

static void refused_text(const char *text, const char *message) {
  refused(text, strlen(text), PLN_ERR_PARSE, message);
}

static void tree_and_places(void **state) {
  (void)state;
  pln_yaml *yaml = parse("a: 1\nb:\n  - 'x y'\n  - é: |\n      text\nc: {d: []}\n");
  assert_non_null(yaml);
  const pln_yaml_node *root = &yaml->nodes[yaml->root];
  assert_int_equal(root->kind, PLN_YAML_MAPPING);
  assert_int_equal(root->n_children, 6);
  const pln_yaml_node *a = value_of(yaml, root, "a");
  assert_string_equal(a->text, "1");
  assert_int_equal(a->is_string, 0);
  assert_int_equal(a->line, 1);
  assert_int_equal(a->column, 4);
  const pln_yaml_node *b = value_of(yaml, root, "b");
  assert_int_equal(b->kind, PLN_YAML_SEQUENCE);
  assert_int_equal(b->n_children, 2);
  const pln_yaml_node *quoted = &yaml->nodes[b->children[0]];
  assert_string_equal(quoted->text, "x y");
  assert_int_equal(quoted->is_string, 1);
  const pln_yaml_node *block = value_of(yaml, &yaml->nodes[b->children[1]], "é");
  assert_string_equal(block->text, "text\n");
  assert_int_equal(block->length, 5);
  assert_int_equal(block->line, 4);
  assert_int_equal(block->column, 8); /* columns count characters, not bytes */
  const pln_yaml_node *d = value_of(yaml, value_of(yaml, root, "c"), "d");
  assert_int_equal(d->kind, PLN_YAML_SEQUENCE);
  assert_int_equal(d->n_children, 0);
  pln_yaml_free(yaml);
}

static void empty_documents(void **state) {
  (void)state;
  static const char *const texts[] = {"", "\n", "# a comment", "---\n", "\xEF\xBB\xBF"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    pln_yaml *yaml = parse(texts[i]);
    assert_non_null(yaml);
    const pln_yaml_node *root = &yaml->nodes[yaml->root];
    assert_int_equal(root->kind, PLN_YAML_SCALAR);
    assert_int_equal(root->length, 0);
    pln_yaml_free(yaml);
  }
}

static void aliases_are_references(void **state) {
  (void)state;
  pln_yaml *yaml = parse("a: &x {k: 1}\nb: *x\nc: &x 2\nd: *x\n");
  assert_non_null(yaml);
  const pln_yaml_node *root = &yaml->nodes[yaml->root];
  assert_ptr_equal(value_of(yaml, root, "a"), value_of(yaml, root, "b"));
  assert_ptr_equal(value_of(yaml, root, "c"), value_of(yaml, root, "d")); /* the latest anchor of the name */
  pln_yaml_free(yaml);
  refused_text("a: *x\nb: &x 1\n", "f:1:4: alias '*x' has no anchor '&x' before it");
  refused_text("a: &x [1, [*x]]\n", "f:1:12: alias '*x' lies inside what it stands for (anchor at line 1)");
  refused_text("&x a: *x\n? &y [*y]\n: 1\n",
               "f:2:7: alias '*y' lies inside what it stands for (anchor at line 2)");
}

static void merge_keys(void **state) {
  (void)state;
  pln_yaml *yaml =
      parse("base: &b {x: 1, y: 2}\nmore: &m {y: 9, z: 4}\nr: {y: 3, <<: [*b, *m]}\ns: {<<: *b}\n"
            "t: {'<<': 1}\n");
  assert_non_null(yaml);
  const pln_yaml_node *root = &yaml->nodes[yaml->root];
  const pln_yaml_node *r = value_of(yaml, root, "r");
  assert_int_equal(r->n_children, 6);
  assert_string_equal(yaml->nodes[r->children[0]].text, "y"); /* its own keys come first */
  assert_string_equal(value_of(yaml, r, "x")->text, "1");
  assert_string_equal(value_of(yaml, r, "y")->text, "3");
  assert_string_equal(value_of(yaml, r, "z")->text, "4");
  assert_int_equal(value_of(yaml, root, "s")->n_children, 4);
  assert_string_equal(value_of(yaml, value_of(yaml, root, "t"), "<<")->text, "1");
  pln_yaml_free(yaml);
  refused_text("a: {<<: 3}\n", "f:1:5: '<<' merges a mapping or a list of mappings; expected '<<: *anchor'");
  refused_text("a: {<<: [{b: 1}, 1]}\n", "f:1:18: '<<' merges mappings; this item is none");
  refused_text("<<: {a: 1}\n<<: {b: 1}\n", "f:2:1: duplicate key '<<' (first given at line 1)");
}

static void keys(void **state) {
  (void)state;
  refused_text("a: 1\nb: 2\nc: {d: 1}\nb: 3\na: 4\n", "f:4:1: duplicate key 'b' (first given at line 2)");
  refused_text("a:\n  x: 1\n  \"x\": 2\n", "f:3:3: duplicate key 'x' (first given at line 2)");
  refused_text("{a: 1, b: 2, a: 3}\n", "f:1:14: duplicate key 'a' (first given at line 1)");
  refused_text("[a, b]: 1\n", "f:1:1: a key has to be plain text; quote braces and brackets");
  refused_text("'': 1\n", "f:1:1: a key is empty; expected 'key: value'");
}

static void syntax(void **state) {
  (void)state;
  refused_text(
      "a: [1, 2\nb: 3\n",
      "f:2:2: did not find expected ',' or ']' while parsing a flow sequence that "
      "began at line 1; is a closing ']' missing, or are quotes around a value that holds brackets?");
  refused_text("a: 'x\n",
               "f:2:1: found unexpected end of stream while scanning a quoted scalar that began at "
               "line 1; is a closing quote missing?");
  refused_text("a: b: c\n",
               "f:1:5: mapping values are not allowed in this context; quote a value that holds ': ', "
               "or check the indentation");
  refused_text("a:\n\t- 1\n", "f:2:1: a tab cannot indent in YAML; use spaces");
  refused_text("a: 1\n\tb: 2\n", "f:2:1: a tab cannot indent in YAML; use spaces");
  refused_text("a: 1\n---\nb: 2\n",
               "f:2:1: a second document begins here; expected one (take out the '---')");
  refused_text("a: !!python/object:os.system x\n",
               "f:1:4: tag 'tag:yaml.org,2002:python/object:os.system' is not supported here; leave it out");
}

static void encodings(void **state) {
  (void)state;
  refused("a: \0b", 5, PLN_ERR_PARSE, "f:1:4: a NUL byte: this is a binary file, expected YAML text");
  refused("\x7F"
          "ELF",
          4, PLN_ERR_PARSE, "f:1:1: control character 0x7F: this is no YAML text (is it the right file?)");
  refused("\xFF\xFE"
          "a\0",
          4, PLN_ERR_PARSE, "f:1:1: UTF-16 text; save the file as UTF-8");
  refused_text("a: 1\nb: \xFF\n",
               "f:2:4: invalid leading UTF-8 octet: this is not UTF-8 text (is it the right file?)");
  refused_text("a: \"\\0\"\n", "f:1:4: a NUL character in a string is not supported");
  pln_yaml *yaml = parse("\xEF\xBB\xBF"
                         "a: 1\r\nb: 2\r\n");
  assert_non_null(yaml);
  const pln_yaml_node *root = &yaml->nodes[yaml->root];
  assert_int_equal(value_of(yaml, root, "b")->line, 2);
  assert_string_equal(value_of(yaml, root, "b")->text, "2");
  pln_yaml_free(yaml);
}

static char *repeated(const char *part, size_t n) {
  const size_t size = strlen(part);
  char *text = malloc(n * size + 1);
  assert_non_null(text);
  for (size_t i = 0; i < n; i++) memcpy(text + i * size, part, size);
  text[n * size] = 0;
  return text;
}

static void depth(void **state) {
  (void)state;
  static const struct {
    const char *part, *message;
  } cases[] = {{"[", "f:1:65: nested more than 64 deep"},
               {"- ", "f:1:129: nested more than 64 deep"},
               {"{a: ", "f:1:254: nested more than 64 deep"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *text = repeated(cases[i].part, 10000);
    refused(text, strlen(text), PLN_ERR_LIMIT, cases[i].message);
    free(text);
  }
  /* 40 levels, used at the bottom of 40 levels. */
  char text[256];
  snprintf(text, sizeof text, "a: &a %.*s%.*s\nb: %.*s*a%.*s\n", 40,
           "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 40, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", 40,
           "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 40, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
  refused(text, strlen(text), PLN_ERR_LIMIT, "f:2:44: nested more than 64 deep");
}

static void bombs(void **state) {
  (void)state;
  char text[4096];
  int used = snprintf(text, sizeof text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
  for (int i = 1; i < 10; i++) {
    used += snprintf(text + used, sizeof text - (size_t)used, "a%d: &a%d [", i, i);
    for (int k = 0; k < 10; k++)
      used += snprintf(text + used, sizeof text - (size_t)used, "*a%d%s", i - 1, k < 9 ? "," : "]\n");
  }
  refused(text, (size_t)used, PLN_ERR_LIMIT, "f:5:46: more than 100000 nodes once aliases are followed");

  char *many = repeated("- a\n", 100001);
  refused(many, strlen(many), PLN_ERR_LIMIT, "f:100000:3: more than 100000 nodes");
  free(many);
  char *anchors = repeated("- &a x\n", 1001);
  refused(anchors, strlen(anchors), PLN_ERR_LIMIT, "f:1001:3: more than 1000 anchors");
  free(anchors);
  char *big = repeated("# 3456789012345\n", 65537);
  refused(big, strlen(big), PLN_ERR_LIMIT,
          "f: 1048592 bytes of YAML; at most 1048576 are read (is it the right file?)");
  free(big);
}

static void bounds_are_arguments(void **state) {
  (void)state;
  const pln_yaml_limits deep = {.max_bytes = 100, .max_depth = 257, .max_nodes = 1};
  assert_null(pln_yaml_parse("a", 1, "f", &deep));
  assert_int_equal(pln_error_last()->code, PLN_ERR_ARGUMENT);
  const pln_yaml_limits small = {.max_bytes = 100, .max_depth = 1, .max_nodes = 3};
  assert_null(pln_yaml_parse("[a, b, c]", 9, "f", &small));
  assert_null(pln_yaml_parse("[[a]]", 5, "f", &small));
  assert_null(pln_yaml_parse(NULL, 0, "f", NULL));
  pln_yaml_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tree_and_places),
      cmocka_unit_test(empty_documents),
      cmocka_unit_test(aliases_are_references),
      cmocka_unit_test(merge_keys),
      cmocka_unit_test(keys),
      cmocka_unit_test(syntax),
      cmocka_unit_test(encodings),
      cmocka_unit_test(depth),
      cmocka_unit_test(bombs),
      cmocka_unit_test(bounds_are_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
