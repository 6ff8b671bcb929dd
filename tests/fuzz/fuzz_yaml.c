/* YAML and the schema: no text may crash the loader or the checker; what they accept keeps its promises, and
 * the canonical form of a configuration, read again, is itself. A first line "#set KEY=VALUE" is applied as
 * --set. */
#include "abi/core.h"
#include "abi/yaml.h"
#include "script/host.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __lsan_is_turned_off(void);

/* LuaJIT's collector makes libFuzzer suspect a leak after each input, and its tagged pointers hide what is
 * held. The loader's leaks are found by tests/c/test_yaml.c under AddressSanitizer. */
int __lsan_is_turned_off(void) { return 1; }

static void require_that(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "fuzz_yaml: %s\n", what);
  abort();
}

static void check_node(const pln_yaml *yaml, const pln_yaml_node *node) {
  require_that(node->line >= 1 && node->column >= 1, "a node without a place");
  require_that(strlen(node->text) == (size_t)node->length, "a text of another length");
  require_that(node->kind >= PLN_YAML_SCALAR && node->kind <= PLN_YAML_MAPPING, "an unknown kind");
  require_that(node->n_children == 0 || node->children, "children that are missing");
  require_that(node->kind != PLN_YAML_MAPPING || node->n_children % 2 == 0, "a key without a value");
  for (int32_t i = 0; i < node->n_children; i++) {
    require_that(node->children[i] >= 0 && node->children[i] < yaml->n_nodes, "a child out of range");
    require_that(&yaml->nodes[node->children[i]] != node, "a node that holds itself");
  }
}

/* Size and depth with aliases followed; the limits bound both. */
static int64_t walk(const pln_yaml *yaml, int32_t index, int32_t depth) {
  require_that(depth <= 64, "nested deeper than the limit");
  const pln_yaml_node *node = &yaml->nodes[index];
  int64_t count = 1;
  for (int32_t i = 0; i < node->n_children; i++) count += walk(yaml, node->children[i], depth + 1);
  return count;
}

static const char script[] =
    "local config = require 'config'\n"
    "return function(text)\n"
    "  local set = text:match '^#set ([^\\n]*)'\n"
    "  local cfg, errors = config.from_text(text, 'fuzz', { set = { set } })\n"
    "  if not cfg then\n"
    "    assert(#errors >= 1 and #errors <= 21)\n"
    "    for _, item in ipairs(errors) do assert(#tostring(item) > 0 and not tostring(item):find '\\n') end\n"
    "    return\n"
    "  end\n"
    "  local canonical = config.canonical(cfg)\n"
    "  local again, problems = config.from_text(canonical, 'canonical')\n"
    "  if not again then error(canonical .. '\\n' .. tostring(problems[1])) end\n"
    "  assert(config.canonical(again) == canonical, canonical)\n"
    "  assert(#config.hash(cfg) == 32)\n"
    "  assert(config.where(cfg, 'data.path.x'))\n"
    "end\n";

static lua_State *state_with_check(void) {
  static pln_host *host;
  if (host) return pln_host_state(host);
  host = pln_host_new(0);
  require_that(host != NULL, "no Lua state");
  lua_State *L = pln_host_state(host);
  if (luaL_loadstring(L, script) || lua_pcall(L, 0, 1, 0)) {
    fprintf(stderr, "fuzz_yaml: %s\n", lua_tostring(L, -1));
    abort();
  }
  return L;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pln_yaml *yaml = pln_yaml_parse((const char *)data, (int64_t)size, "fuzz", NULL);
  if (yaml) {
    for (int32_t i = 0; i < yaml->n_nodes; i++) check_node(yaml, &yaml->nodes[i]);
    require_that(yaml->root >= 0 && yaml->root < yaml->n_nodes, "no root");
    require_that(walk(yaml, yaml->root, 1) <= 100000, "more nodes than the limit");
    pln_yaml_free(yaml);
  } else {
    require_that(pln_error_last()->text[0] != 0, "an error without a message");
  }
  lua_State *L = state_with_check();
  lua_pushvalue(L, -1);
  lua_pushlstring(L, (const char *)data, size);
  if (lua_pcall(L, 1, 0, 0)) {
    fprintf(stderr, "fuzz_yaml: %s\n", lua_tostring(L, -1));
    abort();
  }
  return 0;
}
