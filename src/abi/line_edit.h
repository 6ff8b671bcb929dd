#pragma once
#include "abi/types.h"
/* The terminal's side of the prompt: line editing with history and completion, and Ctrl-C. One at a time, on the
 * main thread. */
typedef struct pln_line_edit pln_line_edit;

typedef struct pln_line {
  const char *text;          /* without its newline; owned by the editor, valid until the next read */
  int32_t length;
  int32_t reserved;
} pln_line;

/* An editor on standard input and output, which have to be a terminal. `history_file` (may be NULL: none) is read
 * now and written as lines are added; its folder is made where it is missing. Sets the character type of the
 * locale (LC_CTYPE) from the environment, and nothing else of it. NULL on error. */
pln_line_edit *pln_line_edit_new(const char *history_file);
void pln_line_edit_free(pln_line_edit *edit);
/* Words that the Tab key completes from: separated and ended by newlines, in the order in which they are listed.
 * Copied. */
int32_t pln_line_edit_set_words(pln_line_edit *edit, const char *words, int64_t size);
/* Reads a line. 0; PLN_ERR_NOT_FOUND at the end of the input (Ctrl-D); PLN_ERR_INTERRUPTED after Ctrl-C. */
int32_t pln_line_edit_read(pln_line_edit *edit, const char *prompt, pln_line *out);
/* Appends a line to the history and writes the file. A file that cannot be written is no error. */
void pln_line_edit_add(pln_line_edit *edit, const char *line);

/* From now until `end`, Ctrl-C raises the Lua error "interrupted" in this thread's state, at the next call, return or
 * line that is not compiled; a second Ctrl-C ends the process. Does nothing outside the executable. */
void pln_interrupt_begin(void);
void pln_interrupt_end(void);
