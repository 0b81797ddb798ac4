/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure.h - rows of figures measured side by side: the columns of a row take turns in
 * short rounds, so that a noisy machine disturbs all alike; medians with their spread.
 */
#ifndef VVM_MEASURE_H
#define VVM_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#define COLUMNS_MAX 8
#define ROUNDS      31

struct column {
    const char *name;
    void (*run)(void *data, unsigned times); /* the work, so many times */
    void *data;
    double median, spread; /* ns a time; spread = (90 % - 10 %) / median */
};

/** Fill median and spread of every column; times = how often a round runs the work. */
void measure(struct column *columns, unsigned count, unsigned times);
/** Print a row: one line of text, or with json one object a column. ratio_to_c compares
 *  with the column named "c"; a row without it has none. */
void print_row(const char *row, const struct column *columns, unsigned count, const char *unit, bool json);
void print_value_row(const char *row, const char *column, double value, const char *unit, bool json);
/** Time-stamp counter's cycles a nanosecond, measured once; 0 where there is none. */
double cycles_per_nanosecond(void);
uint64_t nanoseconds(void);

#endif
