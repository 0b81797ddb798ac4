/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_verify.c - hostile octets of a wire program: every operand in range, every
 * label on an instruction, one stack depth and the same handlers at each place, and
 * what a handler finds on the stack is what lay there when it was opened.
 */
#include "wire_verify.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const struct {
    const char *name, *text;
} rules[WIRE_RULE_LIMIT] = {
#define W(name, symbol, text) {symbol, text},
#include "wire_verify.def"
#undef W
};

static_assert(WIRE_RULE_LIMIT <= 32, "rules are bits of a word");

const char *wire_rule_name(enum wire_rule rule) { return rule < WIRE_RULE_LIMIT ? rules[rule].name : "?"; }

bool wire_refused(struct wire_verifier *v, enum wire_rule rule, uint32_t octet, const char *what)
{
    if (v->disabled >> rule & 1) return false;
    v->rule = rule;
    v->octet = octet;
    snprintf(v->text, sizeof v->text, "function %u, octet %u: %s: %s%s%s", v->function, octet,
             rules[rule].name, what ? what : "", what ? ": " : "", rules[rule].text);
    return true;
}

#define REFUSE(rule, octet, what)                                                                            \
    do {                                                                                                     \
        if (wire_refused(v, WIRE_RULE_##rule, octet, what)) return -EINVAL;                                  \
    } while (0)

#define ARITY_MOST 255 /* what a call gathers */
/* Every call clears the locals: so there are at most so many, and a program of n octets
 * has at most LOCALS_OCTET * n + LOCALS_MOST of them, which keeps translation linear. */
#define LOCALS_MOST  255
#define LOCALS_OCTET 4

/* ---- reading octets: past the end they read as zero, and the cursor says so ----------- */

static uint64_t read_octets(const struct wire_verifier *v, uint32_t *at, uint32_t end, unsigned count,
                            bool *past)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < count; i++) {
        if (*at >= end) {
            *past = true;
            return 0;
        }
        n = n << 8 | v->octets[(*at)++];
    }
    return n;
}

/* Skip count octets; the place where they began. */
static uint32_t skip_octets(uint32_t *at, uint32_t end, uint32_t *count, bool *past)
{
    uint32_t from = *at;
    if (*count > end - from) {
        *past = true;
        *count = end - from;
    }
    *at = from + *count;
    return from;
}

/* ---- the function table ------------------------------------------------------------- */

static void read_slot_field(struct wire_verifier *v, const struct slot_field *field, struct wire_function *f,
                            uint32_t *at, bool *past)
{
    uint32_t count = field->size;
    if (field->form == SLOT_FIXED && (field->role == SLOT_ARITY || field->role == SLOT_LOCALS)) {
        uint32_t n = (uint32_t)read_octets(v, at, v->length, field->size, past);
        if (field->role == SLOT_ARITY) f->arity = n;
        else f->locals = n;
        return;
    }
    if (field->form == SLOT_COUNTED) count = (uint32_t)read_octets(v, at, v->length, field->size, past);
    uint32_t from = skip_octets(at, v->length, &count, past);
    if (field->role == SLOT_NAME) {
        f->name_at = from;
        f->name_length = count;
    } else if (field->role == SLOT_CODE) {
        f->code_at = from;
        f->code_length = count;
    }
}

static int read_flat(struct wire_verifier *v)
{
    v->work->functions[0] = (struct wire_function){.code_length = v->length};
    v->function_count = 1;
    return 0;
}

int wire_read_table(struct wire_verifier *v)
{
    const struct wire_program *form = v->form;
    uint32_t at = 0;
    uint64_t locals = 0;
    bool past = false;
    if (form->flat) return read_flat(v);
    uint32_t count = (uint32_t)read_octets(v, &at, v->length, form->count_octets, &past);
    if (count > PROGRAM_FUNCTIONS_MAX) {
        REFUSE(FUNCTIONS, 0, NULL);
        count = PROGRAM_FUNCTIONS_MAX;
    }
    v->function_count = count;
    for (v->function = 0; v->function < count; v->function++) {
        struct wire_function *f = &v->work->functions[v->function];
        *f = (struct wire_function){0};
        for (unsigned i = 0; i < form->field_count; i++) read_slot_field(v, &form->fields[i], f, &at, &past);
        if (past) REFUSE(TABLE, at, NULL);
        if (f->arity > f->locals) REFUSE(ARITY, f->code_at, NULL);
        if (f->arity > ARITY_MOST) REFUSE(SIZE, f->code_at, "arguments");
        if (f->locals > LOCALS_MOST) REFUSE(SIZE, f->code_at, "locals");
        locals += f->locals;
    }
    if (locals > (uint64_t)LOCALS_OCTET * v->length + LOCALS_MOST) REFUSE(SIZE, 0, "locals");
    v->function = 0;
    if (past) REFUSE(TABLE, at, NULL);
    if (at < v->length) REFUSE(TRAILING, at, NULL);
    return 0;
}

/* ---- decoding one instruction --------------------------------------------------------- */

static unsigned raw_octets(enum wire_operand_kind kind)
{
    static const uint8_t octets[] = {
        [WIRE_U8] = 1,  [WIRE_U16] = 2, [WIRE_U32] = 4, [WIRE_U64] = 8,  [WIRE_S8] = 1,
        [WIRE_S16] = 2, [WIRE_S32] = 4, [WIRE_S64] = 8, [WIRE_COUNT] = 1};
    assert(kind < sizeof octets);
    return octets[kind];
}

static uint64_t sign_extend(uint64_t n, unsigned octets)
{
    unsigned shift = 64 - 8 * octets;
    return (uint64_t)((int64_t)(n << shift) >> shift);
}

static uint64_t read_string(const struct wire_verifier *v, uint32_t *at, uint32_t end, unsigned size,
                            uint32_t fixed, bool *past)
{
    uint32_t count = size ? (uint32_t)read_octets(v, at, end, size, past) : fixed;
    uint32_t from = skip_octets(at, end, &count, past);
    return (uint64_t)count << 32 | from;
}

/* The octet that a label means, or UINT64_MAX when it lies outside the function. */
static uint64_t label_octet(const struct wire_function *f, uint32_t next, int64_t distance)
{
    int64_t to = (int64_t)next + distance;
    return to < f->code_at || to > (int64_t)f->code_at + f->code_length ? UINT64_MAX : (uint64_t)to;
}

static int check_operand(struct wire_verifier *v, const struct wire_function *f, const struct wire_operand *o,
                         uint64_t value, uint32_t at)
{
    if (o->kind == WIRE_LOCAL && value >= f->locals) REFUSE(LOCAL, at, NULL);
    if (o->kind != WIRE_FUNCTION) return 0;
    if (value >= v->function_count || v->work->functions[value].code_length == 0) {
        REFUSE(FUNCTION, at, NULL);
        return 0;
    }
    if (o->arity != 0xff && v->work->functions[value].arity != o->arity) REFUSE(FUNCTION_ARITY, at, NULL);
    return 0;
}

static uint64_t read_operand(const struct wire_verifier *v, const struct wire_operand *o, uint32_t *at,
                             uint32_t end, bool *past)
{
    unsigned octets;
    switch ((enum wire_operand_kind)o->kind) {
    case WIRE_S8:
    case WIRE_S16:
    case WIRE_S32:
    case WIRE_S64:
        octets = raw_octets(o->kind);
        return sign_extend(read_octets(v, at, end, octets, past), octets);
    case WIRE_BYTES: return read_string(v, at, end, 0, o->size, past);
    case WIRE_COUNTED_U8: return read_string(v, at, end, 1, 0, past);
    case WIRE_COUNTED_U16: return read_string(v, at, end, 2, 0, past);
    case WIRE_LABEL:
        return sign_extend(read_octets(v, at, end, v->form->label_octets, past), v->form->label_octets);
    case WIRE_FUNCTION: return read_octets(v, at, end, v->form->flat ? 1 : v->form->count_octets, past);
    case WIRE_LOCAL: return read_octets(v, at, end, 1, past);
    default: return read_octets(v, at, end, raw_octets(o->kind), past);
    }
}

int wire_decode(struct wire_verifier *v, const struct wire_function *f, uint32_t at, struct wire_decoded *d)
{
    uint32_t end = f->code_at + f->code_length;
    uint8_t opcode = v->octets[at];
    bool past = false;
    *d = (struct wire_decoded){.row = v->network->opcodes[opcode], .at = at, .next = at + 1};
    if (!d->row) {
        REFUSE(OPCODE, at, NULL);
        return 0;
    }
    if (v->view && !(v->view[opcode / 8] >> (opcode % 8) & 1)) REFUSE(VIEW, at, d->row->row.name);
    const struct body_shape *shape = &d->row->shape;
    for (unsigned i = 0; i < shape->operand_count; i++)
        d->operands[i] = read_operand(v, &shape->operands[i], &d->next, end, &past);
    if (past) REFUSE(TRUNCATED, at, d->row->row.name);
    for (unsigned i = 0; i < shape->operand_count; i++) {
        if (shape->operands[i].kind == WIRE_LABEL)
            d->operands[i] = label_octet(f, d->next, (int64_t)d->operands[i]);
        int err = check_operand(v, f, &shape->operands[i], d->operands[i], at);
        if (err) return err;
    }
    return 0;
}

static uint32_t arity_of(const struct wire_verifier *v, uint64_t function)
{
    return function < v->function_count ? v->work->functions[function].arity : 0;
}

unsigned wire_takes(const struct wire_verifier *v, const struct wire_decoded *d)
{
    if (!d->row) return 0;
    const struct body_shape *shape = &d->row->shape;
    if (shape->items == 0) return shape->take_count;
    if (shape->items & 0x80) return shape->take_count + arity_of(v, d->operands[shape->items & 0x7f]);
    return shape->take_count + (unsigned)d->operands[shape->items - 1];
}

/* ---- flow ----------------------------------------------------------------------------- */

struct flow {
    struct wire_verifier *v;
    struct wire_function *f;
    const struct wire_decoded *d;
    int base;        /* stack under what the instruction takes */
    uint16_t region; /* handlers before it */
};

static unsigned height_of(const struct wire_verifier *v, uint16_t region)
{
    return v->work->regions[region].height;
}

/* One more handler, which began at stack depth `base`, on top of those of *region. */
static int open_handler(struct flow *s, uint16_t *region, int base)
{
    struct wire_verifier *v = s->v;
    struct wire_region *all = v->work->regions;
    for (uint16_t child = all[*region].child; child; child = all[child].sibling)
        if (all[child].base == base) {
            *region = child;
            return 0;
        }
    if (v->region_count == WIRE_REGIONS_MAX) {
        REFUSE(SIZE, s->d->at, "handlers of different places");
        return 0;
    }
    all[v->region_count] = (struct wire_region){.below = *region,
                                                .sibling = all[*region].child,
                                                .height = (uint16_t)(all[*region].height + 1),
                                                .base = (uint16_t)base};
    *region = all[*region].child = (uint16_t)v->region_count++;
    return 0;
}

/* Handlers behind an exit: some from before are closed, then others opened here. What
 * lies below the newest one's base must be there still when it is raised to. */
static int change_handlers(struct flow *s, const struct wire_exit *e, uint16_t *region)
{
    struct wire_verifier *v = s->v;
    unsigned closed = (unsigned)-e->lowest, opened = (unsigned)(e->handlers - e->lowest);
    *region = s->region;
    for (; closed > 0; closed--) *region = v->work->regions[*region].below;
    if (v->work->regions[*region].base > s->base) REFUSE(FLOOR, s->d->at, s->d->row->row.name);
    for (; opened > 0; opened--) {
        int err = open_handler(s, region, s->base);
        if (err) return err;
    }
    return 0;
}

/* Control reaches the end of the function's code. */
static int arrive_end(struct flow *s, uint16_t region)
{
    struct wire_verifier *v = s->v;
    if (!v->form->flat) REFUSE(FALL_OFF, s->d->at, NULL);
    if (region) REFUSE(HANDLER_OPEN, s->d->at, NULL);
    s->f->epilogue = 0;
    return 0;
}

static int arrive(struct flow *s, uint64_t to, int depth, uint16_t region)
{
    struct wire_verifier *v = s->v;
    if (depth > v->form->stack) REFUSE(OVERFLOW, s->d->at, NULL);
    if (depth > s->f->depth) s->f->depth = (uint16_t)depth;
    if (to == (uint64_t)s->f->code_at + s->f->code_length) return arrive_end(s, region);
    if (to == UINT64_MAX || !v->work->places[to].start) {
        REFUSE(LABEL, s->d->at, NULL);
        return 0;
    }
    struct wire_place *place = &v->work->places[to];
    if (place->depth < 0) {
        place->depth = (int16_t)depth;
        place->region = region;
        assert(v->waiting <= PROGRAM_OCTETS_MAX); /* each octet waits once */
        v->work->waiting[v->waiting++] = (uint32_t)to;
        return 0;
    }
    if (place->depth != depth) REFUSE(DEPTH, (uint32_t)to, NULL);
    if (height_of(v, place->region) != height_of(v, region)) REFUSE(HEIGHT, (uint32_t)to, NULL);
    else if (place->region != region) REFUSE(REGION, (uint32_t)to, NULL);
    return 0;
}

static int call_exit(struct flow *s, const struct wire_exit *e, uint16_t region)
{
    struct wire_verifier *v = s->v;
    unsigned takes = s->d->row->shape.take_count;
    unsigned arguments = e->arguments == WIRE_ARGUMENTS_ITEMS ? wire_takes(v, s->d) - takes : e->arguments;
    if (arity_of(v, s->d->operands[e->operand]) != arguments) REFUSE(FUNCTION_ARITY, s->d->at, NULL);
    int depth = s->base + e->pushes + 1;
    if (e->then == WIRE_THEN_NEXT) return arrive(s, s->d->next, depth, region);
    if (e->then >= WIRE_THEN_LABEL)
        return arrive(s, s->d->operands[e->then - WIRE_THEN_LABEL], depth, region);
    if (depth != s->base + (int)wire_takes(v, s->d) || region != s->region) REFUSE(HERE, s->d->at, NULL);
    return 0;
}

static int take_exit(struct flow *s, const struct wire_exit *e)
{
    struct wire_verifier *v = s->v;
    uint16_t region = 0;
    if (e->kind != WIRE_EXIT_RETURN) {
        int err = change_handlers(s, e, &region);
        if (err) return err;
    }
    assert(e->kind != WIRE_EXIT_PREVIOUS); /* around.c: a row has the exits of its lowest body */
    switch ((enum wire_exit_kind)e->kind) {
    case WIRE_EXIT_PREVIOUS: return 0;
    case WIRE_EXIT_NEXT: return arrive(s, s->d->next, s->base + e->pushes, region);
    case WIRE_EXIT_GOTO: return arrive(s, s->d->operands[e->operand], s->base + e->pushes, region);
    case WIRE_EXIT_CALL: return call_exit(s, e, region);
    case WIRE_EXIT_HANDLER: return arrive(s, s->d->operands[e->operand], s->base + 1, region);
    case WIRE_EXIT_RETURN:
        if ((int)height_of(v, s->region) + e->handlers != 0) REFUSE(HANDLER_OPEN, s->d->at, NULL);
        return 0;
    }
    return 0;
}

static int follow(struct wire_verifier *v, struct wire_function *f, uint32_t at)
{
    struct wire_decoded d;
    struct wire_place *place = &v->work->places[at];
    int err = wire_decode(v, f, at, &d);
    if (err || !d.row) return err;
    struct flow s = {v, f, &d, place->depth - (int)wire_takes(v, &d), place->region};
    if (s.base < 0) {
        REFUSE(UNDERFLOW, at, d.row->row.name);
        s.base = 0;
    }
    int height = (int)height_of(v, s.region);
    if (height < d.row->handlers_below) {
        REFUSE(POP_HANDLER, at, d.row->row.name);
        height = d.row->handlers_below;
    }
    int handlers = height + d.row->handlers_above;
    if (handlers > 200) REFUSE(SIZE, at, "handlers");
    if (handlers > f->handlers) f->handlers = (uint16_t)handlers;
    for (unsigned i = 0; i < d.row->exit_count && !err; i++) err = take_exit(&s, &d.row->exits[i]);
    return err;
}

/* Mark where instructions start; every one is well-formed, reached or not. */
static int mark_starts(struct wire_verifier *v, struct wire_function *f)
{
    uint32_t end = f->code_at + f->code_length;
    for (uint32_t at = f->code_at; at < end; at++) v->work->places[at] = (struct wire_place){.depth = -1};
    for (uint32_t at = f->code_at; at < end;) {
        struct wire_decoded d;
        int err = wire_decode(v, f, at, &d);
        if (err) return err;
        v->work->places[at].start = 1;
        at = d.next;
    }
    return 0;
}

/* ---- sizes of the translation ------------------------------------------------------------ */

static void count_operands(struct wire_verifier *v, const struct wire_decoded *d)
{
    for (unsigned i = 0; i < d->row->shape.operand_count; i++) {
        unsigned kind = d->row->shape.operands[i].kind;
        v->constant_count++;
        if (kind == WIRE_BYTES || kind == WIRE_COUNTED_U8 || kind == WIRE_COUNTED_U16)
            v->bytes_room += sizeof(struct bytes) + ((d->operands[i] >> 32) + 7) / 8 * 8;
    }
}

/* Number the words of what was reached, in order of the octets. */
static int number_words(struct wire_verifier *v, struct wire_function *f)
{
    uint32_t end = f->code_at + f->code_length;
    f->prologue = f->locals > f->arity ? f->locals - f->arity : 0;
    f->words = f->prologue;
    for (uint32_t at = f->code_at; at < end; at++) {
        struct wire_place *place = &v->work->places[at];
        struct wire_decoded d;
        if (place->depth < 0) continue;
        place->word = f->words++;
        if (wire_decode(v, f, at, &d) == 0 && d.row) count_operands(v, &d);
    }
    if (f->epilogue == 0) {
        f->epilogue = f->words;
        f->words += 2;
    }
    v->word_count += f->words;
    if (f->words > MAX_FUNCTION_WORDS || f->locals + f->depth + 1 > MAX_SLOTS ||
        v->constant_count > UINT16_MAX)
        REFUSE(SIZE, f->code_at, "function");
    return 0;
}

static int verify_function(struct wire_verifier *v, struct wire_function *f)
{
    f->epilogue = UINT32_MAX;
    v->waiting = 0;
    v->region_count = 1;
    v->work->regions[0] = (struct wire_region){0};
    if (f->code_length == 0) {
        if (v->form->flat) f->epilogue = 0;
        return number_words(v, f);
    }
    int err = mark_starts(v, f);
    if (err) return err;
    v->work->places[f->code_at].depth = 0;
    v->work->waiting[v->waiting++] = f->code_at;
    while (!err && v->waiting) err = follow(v, f, v->work->waiting[--v->waiting]);
    return err ? err : number_words(v, f);
}

int wire_verify(struct wire_verifier *v)
{
    assert(v->length <= PROGRAM_OCTETS_MAX);
    v->function = v->word_count = 0;
    v->constant_count = 1; /* the program itself */
    v->bytes_room = sizeof(struct bytes) + (v->length + 7) / 8 * 8;
    int err = wire_read_table(v);
    for (v->function = 0; !err && v->function < v->function_count; v->function++)
        err = verify_function(v, &v->work->functions[v->function]);
    return err;
}
