#include "abi/line_edit.h"
#include "core/error.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HISTORY_LINES = 2000, MAX_WORD = 256, MAX_LISTED = 200, LISTING_WIDTH = 80 };

struct pln_line_edit {
  EditLine *el;
  History *history;
  char *history_file;
  char *words; /* "a\nb\n" */
  const char *prompt;
  char *line;
  size_t line_capacity;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
}

static char *prompt_of(EditLine *el) {
  pln_line_edit *edit = NULL;
  el_get(el, EL_CLIENTDATA, &edit);
  static char none[] = "";
  static char shown[64];
  if (!edit || !edit->prompt) return none;
  snprintf(shown, sizeof shown, "%s", edit->prompt);
  return shown;
}

static int is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == ':';
}

typedef void word_visitor(void *context, const char *word, size_t length);

static void each_match(const pln_line_edit *edit, const char *start, size_t length, word_visitor *visit,
                       void *context) {
  for (const char *word = edit->words; word && *word;) {
    const char *end = strchr(word, '\n');
    if (!end) break;
    if ((size_t)(end - word) >= length && memcmp(word, start, length) == 0)
      visit(context, word, (size_t)(end - word));
    word = end + 1;
  }
}

typedef struct common_prefix {
  char text[MAX_WORD];
  size_t length;
  int32_t count;
} common_prefix;

static void narrow(void *context, const char *word, size_t length) {
  common_prefix *common = context;
  if (length >= MAX_WORD) return;
  if (common->count++ == 0) {
    memcpy(common->text, word, length);
    common->length = length;
    return;
  }
  size_t same = 0;
  while (same < common->length && same < length && common->text[same] == word[same]) same++;
  common->length = same;
}

typedef struct listing {
  FILE *out;
  size_t cut; /* of each word: what lies before its last dot is known */
  size_t column;
  int32_t count;
} listing;

static void list_word(void *context, const char *word, size_t length) {
  listing *list = context;
  if (list->count++ >= MAX_LISTED) return;
  const size_t shown = length - list->cut;
  if (list->column + shown > LISTING_WIDTH) {
    fputc('\n', list->out);
    list->column = 0;
  }
  fprintf(list->out, "%.*s  ", (int)shown, word + list->cut);
  list->column += shown + 2;
}

static unsigned char complete(EditLine *el, int key) {
  (void)key;
  pln_line_edit *edit = NULL;
  el_get(el, EL_CLIENTDATA, &edit);
  const LineInfo *info = el_line(el);
  const char *start = info->cursor;
  while (start > info->buffer && is_name_byte(start[-1])) start--;
  const size_t length = (size_t)(info->cursor - start);
  if (length == 0) {
    el_insertstr(el, "  ");
    return CC_REFRESH;
  }
  common_prefix common = {.count = 0};
  each_match(edit, start, length, narrow, &common);
  if (common.count == 0) return CC_REFRESH_BEEP;
  if (common.length > length) {
    common.text[common.length] = 0;
    el_insertstr(el, common.text + length);
    return CC_REFRESH;
  }
  if (common.count == 1) return CC_REFRESH;
  listing list = {.out = stdout};
  for (size_t i = 0; i < length; i++)
    if (start[i] == '.' || start[i] == ':') list.cut = i + 1;
  fputc('\n', stdout);
  each_match(edit, start, length, list_word, &list);
  if (list.count > MAX_LISTED) fprintf(stdout, "… %d more", list.count - MAX_LISTED);
  fputc('\n', stdout);
  fflush(stdout);
  return CC_REDISPLAY;
}

static void make_folder_of(const char *path) {
  char folder[4096];
  const int length = snprintf(folder, sizeof folder, "%s", path);
  if (length < 0 || (size_t)length >= sizeof folder) return;
  for (char *at = strchr(folder + 1, '/'); at; at = strchr(at + 1, '/')) {
    *at = 0;
    mkdir(folder, 0700);
    *at = '/';
  }
}

static int32_t open_history(pln_line_edit *edit, const char *history_file) {
  HistEvent event;
  edit->history = history_init();
  if (!edit->history) return pln_fail(PLN_ERR_MEMORY, "no memory for the history");
  history(edit->history, &event, H_SETSIZE, HISTORY_LINES);
  history(edit->history, &event, H_SETUNIQUE, 1);
  el_set(edit->el, EL_HIST, history, edit->history);
  if (!history_file) return 0;
  edit->history_file = strdup(history_file);
  if (!edit->history_file) return pln_fail(PLN_ERR_MEMORY, "no memory for the history");
  make_folder_of(history_file);
  if (access(history_file, R_OK) == 0 && history(edit->history, &event, H_LOAD, history_file) < 0)
    pln_logf(PLN_LOG_WARNING, "%s: no history can be read from it", history_file);
  return 0;
}

pln_line_edit *pln_line_edit_new(const char *history_file) {
  if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
    pln_fail(PLN_ERR_ARGUMENT, "line editing needs a terminal");
    return NULL;
  }
  if (!setlocale(LC_CTYPE, "")) setlocale(LC_CTYPE, "C.UTF-8");
  pln_line_edit *edit = calloc(1, sizeof *edit);
  if (edit) edit->el = el_init("perilune", stdin, stdout, stderr);
  if (!edit || !edit->el) {
    free(edit);
    pln_fail(PLN_ERR_MEMORY, "no memory for the line editor, or no terminal of the type in TERM");
    return NULL;
  }
  el_set(edit->el, EL_CLIENTDATA, edit);
  el_set(edit->el, EL_PROMPT, prompt_of);
  el_set(edit->el, EL_EDITOR, "emacs");
  el_set(edit->el, EL_SIGNAL, 0);
  el_set(edit->el, EL_ADDFN, "pln-complete", "Complete a name", complete);
  el_set(edit->el, EL_BIND, "^I", "pln-complete", NULL);
  el_set(edit->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
  el_source(edit->el, NULL);
  if (open_history(edit, history_file) < 0) {
    pln_line_edit_free(edit);
    return NULL;
  }
  return edit;
}

void pln_line_edit_free(pln_line_edit *edit) {
  if (!edit) return;
  if (edit->history) history_end(edit->history);
  el_end(edit->el);
  free(edit->history_file);
  free(edit->words);
  free(edit->line);
  free(edit);
}

int32_t pln_line_edit_set_words(pln_line_edit *edit, const char *words, int64_t size) {
  char *copy = malloc((size_t)size + 1);
  if (!copy) return pln_fail(PLN_ERR_MEMORY, "no memory for the words to complete");
  memcpy(copy, words, (size_t)size);
  copy[size] = 0;
  free(edit->words);
  edit->words = copy;
  return 0;
}

static int32_t keep_line(pln_line_edit *edit, const char *text, size_t length, pln_line *out) {
  if (length + 1 > edit->line_capacity) {
    char *line = realloc(edit->line, length + 1);
    if (!line) return pln_fail(PLN_ERR_MEMORY, "no memory for a line");
    edit->line = line;
    edit->line_capacity = length + 1;
  }
  memcpy(edit->line, text, length);
  edit->line[length] = 0;
  *out = (pln_line){.text = edit->line, .length = (int32_t)length};
  return 0;
}

int32_t pln_line_edit_read(pln_line_edit *edit, const char *prompt, pln_line *out) {
  struct sigaction action = {.sa_handler = on_signal}, before;
  sigemptyset(&action.sa_mask);
  interrupted = 0;
  edit->prompt = prompt;
  sigaction(SIGINT, &action, &before); /* no SA_RESTART: the read has to return */
  int count = 0;
  const char *text = el_gets(edit->el, &count);
  sigaction(SIGINT, &before, NULL);
  if (interrupted) {
    el_reset(edit->el);
    fputc('\n', stdout);
    fflush(stdout);
    return pln_fail(PLN_ERR_INTERRUPTED, "interrupted");
  }
  if (!text || count <= 0) return pln_fail(PLN_ERR_NOT_FOUND, "end of input");
  size_t length = (size_t)count;
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) length--;
  return keep_line(edit, text, length, out);
}

void pln_line_edit_add(pln_line_edit *edit, const char *line) {
  HistEvent event;
  if (!*line) return;
  history(edit->history, &event, H_ENTER, line);
  if (edit->history_file) history(edit->history, &event, H_SAVE, edit->history_file);
}
