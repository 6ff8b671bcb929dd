#pragma once
/* The first look at a file: delimiter, header, names and a sample of rows. Internal to the CSV reader. */
#include "data/csv_schema.h"

typedef struct pln_csv_sniffer {
  const char *label; /* the file in messages */
  const char *path;
  const pln_text *text;
  const pln_csv_options *options;
  pln_csv_schema *schema;
  const char *end;
  const char *header; /* the header's line, NULL where there is none */
  int64_t header_line;
  int32_t n_names;
  char **names;        /* as the header or `columns` spell them */
  int32_t by_position; /* names are from `columns` or a layout */
  int32_t n_sample;
  int64_t *sample_line;
  char **sample; /* n_sample × n_columns fields */
} pln_csv_sniffer;

enum { PLN_CSV_SAMPLE_ROWS = 200 };

/* Fills delimiter, names, sample and the place of the first row. 0 or a status. */
int32_t pln_csv_sniff(pln_csv_sniffer *s);
void pln_csv_sniffer_free(pln_csv_sniffer *s);

int pln_csv_is_number(const char *text);
/* A time of day alone. */
int pln_csv_is_clock(const char *text);
