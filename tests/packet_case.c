/* SPDX-License-Identifier: Apache-2.0 */
/* packet_case.c - reads case files of packets; packet_case.h has the form. */
#include "packet_case.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/vmlet.h"

struct case_reader {
    const char *file;
    unsigned line;
    struct packet_case common, now; /* what holds for all cases; the one that is read */
    bool in_case;
    struct case_frame *frame; /* that a further line continues, or NULL */
    void (*run)(void *data, const struct packet_case *c);
    void *data;
};

static int wrong(const struct case_reader *r, const char *what, const char *text)
{
    fprintf(stderr, "    %s:%u: %s%s%s\n", r->file, r->line, what, text ? ": " : "", text ? text : "");
    return -EINVAL;
}

/* ---- words ------------------------------------------------------------------------------ */

static const char *const kind_words[LEDGER_KINDS] = {
    [LEDGER_RECEIVED] = "received",   [LEDGER_CREATED] = "created",   [LEDGER_SENT] = "sent",
    [LEDGER_DELIVERED] = "delivered", [LEDGER_CONSUMED] = "consumed", [LEDGER_DROPPED] = "dropped",
    [LEDGER_HELD] = "held",
};

const char *ledger_kind_word(enum ledger_kind kind) { return kind_words[kind]; }

int ledger_kind_of_word(const char *word)
{
    for (int i = 0; i < LEDGER_KINDS; i++)
        if (!strcmp(kind_words[i], word)) return i;
    return -1;
}

/* The next word of the line, cut off; "" at its end. */
static char *take_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    *rest = word + strcspn(word, " \t");
    if (**rest) *(*rest)++ = '\0';
    return word;
}

/* ---- hex ---------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* One piece without blanks: pairs of digits, and how often. */
static int add_piece(const struct case_reader *r, struct case_frame *frame, char *piece)
{
    char *star = strchr(piece, '*');
    unsigned long times = star ? strtoul(star + 1, NULL, 10) : 1;
    if (star) *star = '\0';
    size_t n = strlen(piece);
    if (n % 2 || times == 0 || times * n / 2 > CASE_FRAME_ROOM - frame->length)
        return wrong(r, "not hex, or too much of it", piece);
    for (; times > 0; times--)
        for (size_t i = 0; i < n; i += 2) {
            int high = hex_digit(piece[i]), low = hex_digit(piece[i + 1]);
            if (high < 0 || low < 0) return wrong(r, "not hex", piece);
            frame->octets[frame->length++] = (uint8_t)(high << 4 | low);
        }
    return 0;
}

static int add_hex(const struct case_reader *r, struct case_frame *frame, char *rest)
{
    char *piece;
    while (*(piece = take_word(&rest))) {
        int err = add_piece(r, frame, piece);
        if (err) return err;
    }
    return 0;
}

static int begin_frame(struct case_reader *r, struct case_frame *frame, char *rest)
{
    *frame = (struct case_frame){.line = r->line};
    r->frame = frame;
    return add_hex(r, frame, rest);
}

/* ---- lines ---------------------------------------------------------------------------------- */

static int add_argument(struct case_reader *r, const char *option, const char *value)
{
    struct packet_case *c = r->in_case ? &r->now : &r->common;
    const char *both[] = {option, value};
    for (unsigned i = 0; i < 2; i++) {
        if (!both[i]) continue;
        if (c->argument_count == CASE_ARGUMENTS) return wrong(r, "too many settings", NULL);
        snprintf(c->arguments[c->argument_count++], sizeof c->arguments[0], "%s", both[i]);
    }
    return 0;
}

static int read_receive(struct case_reader *r, char *rest)
{
    if (r->now.received_count == CASE_FRAMES) return wrong(r, "too many frames", NULL);
    return begin_frame(r, &r->now.received[r->now.received_count++], rest);
}

static int read_end(struct case_reader *r, enum ledger_kind kind, char *rest)
{
    const char *name = take_word(&rest);
    bool port = kind == LEDGER_DELIVERED, octets = port || kind == LEDGER_SENT;
    if (r->now.end_count == CASE_FRAMES) return wrong(r, "too many ends", NULL);
    struct case_end *end = &r->now.ends[r->now.end_count++];
    end->kind = kind;
    end->line = r->line;
    end->frame.length = 0;
    snprintf(end->name, sizeof end->name, "%s%s", port ? "port-" : "", name);
    if (!*name) return wrong(r, "a name is missing", NULL);
    if (octets) return begin_frame(r, &end->frame, rest);
    return *take_word(&rest) ? wrong(r, "more than a name", NULL) : 0;
}

static int read_ledger(struct case_reader *r, char *rest)
{
    int kind = ledger_kind_of_word(take_word(&rest));
    char *name = take_word(&rest), *count = take_word(&rest), *end;
    unsigned long n = strtoul(count, &end, 10);
    if (kind < 0 || !*count || *end) return wrong(r, "ledger KIND NAME COUNT", NULL);
    if (r->now.row_count == CASE_ROWS) return wrong(r, "too many rows", NULL);
    struct ledger_row *row = &r->now.rows[r->now.row_count++];
    *row = (struct ledger_row){.kind = (enum ledger_kind)kind, .count = n};
    snprintf(row->name, sizeof row->name, "%s", name);
    return 0;
}

/* What there is of the case goes to the runner. */
static int end_case(struct case_reader *r)
{
    struct packet_case *c = &r->now;
    char why[256];
    if (!r->in_case) return 0;
    if (c->received_count == 0) return wrong(r, "a case without frames", c->name);
    for (unsigned i = 0; i < c->argument_count; i++) c->argument_list[i] = c->arguments[i];
    c->argument_list[c->argument_count] = NULL;
    if (options_parse(&c->settings, (int)c->argument_count, c->argument_list, why, sizeof why))
        return wrong(r, c->name, why);
    r->run(r->data, c);
    return 0;
}

static int begin_case(struct case_reader *r, const char *name)
{
    int err = end_case(r);
    r->now = r->common;
    r->in_case = true;
    r->now.file = r->file;
    r->now.line = r->line;
    snprintf(r->now.name, sizeof r->now.name, "%s", name);
    return err;
}

static int add_neighbour(struct case_reader *r, const char *word)
{
    struct packet_case *c = r->in_case ? &r->now : &r->common;
    struct in_addr address;
    if (!inet_aton(word, &address)) return wrong(r, "no address", word);
    if (c->neighbour_count == CASE_NEIGHBOURS) return wrong(r, "too many neighbours", NULL);
    c->neighbours[c->neighbour_count++] = ntohl(address.s_addr);
    return 0;
}

static int read_setting(struct case_reader *r, const char *word, char *rest)
{
    static const char *const options[][2] = {{"address", "-a"}, {"route", "-R"}, {"mtu", "--mtu"}};
    char path[128];
    for (unsigned i = 0; i < 3; i++)
        if (!strcmp(word, options[i][0])) return add_argument(r, options[i][1], take_word(&rest));
    if (!strcmp(word, "neighbour")) return add_neighbour(r, take_word(&rest));
    if (strcmp(word, "load") != 0) return wrong(r, "no such word", word);
    snprintf(path, sizeof path, "%s/%s", VVM_SOURCE, take_word(&rest));
    return add_argument(r, path, NULL);
}

static int read_line(struct case_reader *r, char *line)
{
    static const struct {
        const char *word;
        enum ledger_kind kind;
    } ends[] = {{"send", LEDGER_SENT},
                {"deliver", LEDGER_DELIVERED},
                {"drop", LEDGER_DROPPED},
                {"consume", LEDGER_CONSUMED}};
    bool continues = *line == ' ' || *line == '\t';
    char *rest = line;
    if (continues) return r->frame ? add_hex(r, r->frame, rest) : wrong(r, "continues nothing", NULL);
    char *word = take_word(&rest);
    r->frame = NULL;
    if (!strcmp(word, "case")) return begin_case(r, rest);
    if (!r->in_case) return read_setting(r, word, rest);
    if (!strcmp(word, "receive")) return read_receive(r, rest);
    if (!strcmp(word, "ledger")) return read_ledger(r, rest);
    for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!strcmp(word, ends[i].word)) return read_end(r, ends[i].kind, rest);
    return read_setting(r, word, rest);
}

/* The line without its comment and the blanks at its end; false: nothing is left. */
static bool trim_line(char *line)
{
    line[strcspn(line, ";")] = '\0';
    size_t n = strlen(line);
    while (n > 0 && strchr(" \t\r", line[n - 1])) line[--n] = '\0';
    return n > 0;
}

static int read_text(struct case_reader *r, char *text)
{
    int err = add_argument(r, "vvmd", NULL);
    if (!err) err = add_argument(r, "-r", "in"); /* every way brings the frames in its own manner */
    for (char *line; !err && (line = strsep(&text, "\n"));) {
        r->line++;
        if (trim_line(line)) err = read_line(r, line);
    }
    if (!err && !r->in_case) err = wrong(r, "no case", NULL);
    return err ? err : end_case(r);
}

int packet_case_each(const char *path, void (*run)(void *data, const struct packet_case *c), void *data)
{
    struct case_reader *r = calloc(1, sizeof *r);
    char *text;
    size_t octets;
    if (!r) return -ENOMEM;
    r->file = path;
    r->run = run;
    r->data = data;
    int err = file_read(path, SOURCE_MAX, &text, &octets);
    if (err) {
        wrong(r, "cannot be read", strerror(-err));
    } else {
        err = read_text(r, text);
        free(text);
    }
    free(r);
    return err;
}
