/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet_test.c - views of buffers, what primitives do with packets that move and
 * shrink under slices and cursors, and the ledger. Layouts and words: cases/octets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../engine/environment.h"
#include "../engine/load.h"
#include "../engine/octets_access.h"
#include "suites.h"

/* A node, a packet context with a small arena, and one packet of ten octets 0..9. */
struct bench {
    struct vvm_node *node;
    struct vvm_context ctx;
    struct buffer_pool *pool;
    struct vvm_packet *packet;
    vvm_value object;
    uint64_t arena[512];
};

static void bench_open(struct bench *b)
{
    memset(b, 0, sizeof *b);
    CU_ASSERT_EQUAL_FATAL(node_open(NULL, &b->node), 0);
    CU_ASSERT_EQUAL_FATAL(buffer_pool_open(&b->pool, 4, 128, 16), 0);
    b->ctx = (struct vvm_context){
        .node = b->node, .world = &b->node->world, .packet_profile = true, .fuel = 1000000};
    b->ctx.free = (uint8_t *)b->arena;
    b->ctx.end = (uint8_t *)(b->arena + 512);
    b->ctx.arena = b->ctx.free;
    b->ctx.arena_end = b->ctx.end;
    b->packet = buffer_pool_ops(b->pool)->alloc(buffer_pool_ops(b->pool));
    for (uint8_t i = 0; i < 10; i++) packet_append(b->packet, &i, 1);
    b->object = make_packet_object(&b->ctx, b->packet);
}

static void bench_close(struct bench *b)
{
    packet_free(b->packet);
    buffer_pool_close(b->pool);
    node_close(b->node);
}

/* Call a primitive by name with the first n of three arguments. */
static vvm_value call(struct bench *b, const char *name, unsigned n, vvm_value x, vvm_value y, vvm_value z)
{
    const vvm_value args[] = {x, y, z};
    const struct primitive_row *row = primitive_named(b->node, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    b->ctx.pending.kind = PENDING_NONE;
    return row->call(&b->ctx, n, args);
}
#define FIX(n)               make_fixnum(n)
#define CALL1(name, x)       call(b, name, 1, x, 0, 0)
#define CALL2(name, x, y)    call(b, name, 2, x, y, 0)
#define CALL3(name, x, y, z) call(b, name, 3, x, y, z)

static bool pending_error(const struct vvm_context *ctx, enum error_code code)
{
    return ctx->pending.kind == PENDING_RAISE && has_type(ctx->pending.value, TYPE_ERROR) &&
           ((struct error_object *)value_pointer(ctx->pending.value))->code == (uint64_t)code;
}

static bool raised(const struct bench *b, vvm_value v, enum error_code code)
{
    return v == VALUE_EXCEPTION && pending_error(&b->ctx, code);
}

/* ---- views ---- */

static void views_grow_and_shrink_within_the_buffer(void)
{
    struct buffer_pool *pool;
    CU_ASSERT_EQUAL_FATAL(buffer_pool_open(&pool, 2, 64, 16), 0);
    struct vvm_packet *p = buffer_pool_ops(pool)->alloc(buffer_pool_ops(pool));
    CU_ASSERT_EQUAL(packet_room(p), 48);
    CU_ASSERT_EQUAL(packet_append(p, "abcdef", 6), 0);
    CU_ASSERT_EQUAL(packet_append(p, p->base, 43), -ENOSPC);
    CU_ASSERT_EQUAL(p->length, 6);
    CU_ASSERT_EQUAL(packet_drop_head(p, 7), -EINVAL);
    CU_ASSERT_EQUAL(packet_drop_head(p, 2), 0);
    CU_ASSERT_EQUAL(memcmp(p->base + p->head, "cdef", 4), 0);
    CU_ASSERT_EQUAL(packet_trim(p, 5), -EINVAL);
    CU_ASSERT_EQUAL(packet_trim(p, 3), 0);
    CU_ASSERT_EQUAL(packet_prepend(p, 19), -ENOSPC);
    CU_ASSERT_EQUAL(packet_prepend(p, 18), 0);
    CU_ASSERT_EQUAL(p->head, 0);
    CU_ASSERT_EQUAL(memcmp(p->base + 15, "\0\0\0cde", 6), 0);
    packet_free(p);
    buffer_pool_close(pool);
}

static void pools_give_each_buffer_once(void)
{
    struct buffer_pool *pool;
    CU_ASSERT_EQUAL_FATAL(buffer_pool_open(&pool, 2, 64, 16), 0);
    struct vvm_pool *ops = buffer_pool_ops(pool);
    struct vvm_packet *a = ops->alloc(ops), *b = ops->alloc(ops);
    CU_ASSERT(a != b && a->base != b->base);
    CU_ASSERT_PTR_NULL(ops->alloc(ops));
    packet_append(a, "xyz", 3);
    a->peer = 7;
    CU_ASSERT_PTR_NULL(packet_copy(ops, a));
    packet_free(b);
    struct vvm_packet *copy = packet_copy(ops, a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    CU_ASSERT(copy->length == 3 && copy->peer == 7 && memcmp(copy->base + copy->head, "xyz", 3) == 0);
    CU_ASSERT_EQUAL(buffer_pool_used(pool), 2);
    packet_free(a);
    packet_free(copy);
    CU_ASSERT_EQUAL(buffer_pool_used(pool), 0);
    buffer_pool_close(pool);
}

/* ---- slices and cursors of a packet ---- */

static void slices_denote_the_same_octets_when_the_head_moves(void)
{
    struct bench bench, *b = &bench;
    bench_open(b);
    vvm_value s = CALL3("slice", b->object, FIX(4), FIX(8));
    CU_ASSERT_EQUAL(CALL2("u8-ref", s, FIX(0)), FIX(4));
    CU_ASSERT_EQUAL(CALL2("packet-drop-head!", b->object, FIX(3)), VALUE_UNSPECIFIED);
    CU_ASSERT_EQUAL(CALL2("u8-ref", s, FIX(0)), FIX(4));
    CU_ASSERT_EQUAL(CALL2("u8-ref", b->object, FIX(0)), FIX(3));
    CU_ASSERT_EQUAL(CALL2("packet-prepend!", b->object, FIX(2)), VALUE_UNSPECIFIED);
    CU_ASSERT_EQUAL(CALL2("u16-ref", s, FIX(1)), FIX(0x0506));
    vvm_value inner = CALL3("slice", s, FIX(1), FIX(3));
    CU_ASSERT_EQUAL(CALL2("u8-ref", inner, FIX(1)), FIX(6));
    CU_ASSERT(((struct slice *)value_pointer(inner))->backing == b->object);
    bench_close(b);
}

static void what_was_cut_off_cannot_be_reached(void)
{
    struct bench bench, *b = &bench;
    bench_open(b);
    vvm_value s = CALL3("slice", b->object, FIX(4), FIX(8)), c = CALL1("cursor", s);
    CU_ASSERT_EQUAL(CALL2("packet-trim!", b->object, FIX(6)), VALUE_UNSPECIFIED);
    CU_ASSERT_EQUAL(CALL2("u8-ref", s, FIX(1)), FIX(5));
    CU_ASSERT(raised(b, CALL2("u8-ref", s, FIX(2)), ERROR_BOUNDS));
    CU_ASSERT(raised(b, CALL1("slice->bytes", s), ERROR_BOUNDS));
    CU_ASSERT_EQUAL(CALL1("read-u16!", c), FIX(0x0405));
    CU_ASSERT(raised(b, CALL1("read-u8!", c), ERROR_BOUNDS));
    CU_ASSERT_EQUAL(CALL2("packet-drop-head!", b->object, FIX(5)), VALUE_UNSPECIFIED);
    CU_ASSERT(raised(b, CALL2("u8-ref", s, FIX(0)), ERROR_BOUNDS));
    CU_ASSERT(raised(b, CALL3("set-u8!", s, FIX(0), FIX(1)), ERROR_BOUNDS));
    CU_ASSERT_EQUAL(CALL2("u8-ref", s, FIX(1)), FIX(5));
    bench_close(b);
}

static void a_moved_packet_is_refused_everywhere(void)
{
    static const char *const with_object[] = {"bytes-length",   "slice",       "slice->bytes", "cursor",
                                              "packet-ingress", "packet-peer", "packet-room"};
    struct bench bench, *b = &bench;
    bench_open(b);
    vvm_value s = CALL1("slice", b->object), c = CALL1("cursor", b->object);
    ((struct packet_object *)value_pointer(b->object))->packet = NULL;
    for (unsigned i = 0; i < sizeof with_object / sizeof *with_object; i++)
        CU_ASSERT(raised(b, CALL1(with_object[i], b->object), ERROR_MOVED));
    CU_ASSERT(raised(b, CALL2("u8-ref", b->object, FIX(0)), ERROR_MOVED));
    CU_ASSERT(raised(b, CALL2("append-u8!", b->object, FIX(0)), ERROR_MOVED));
    CU_ASSERT(raised(b, CALL2("u8-ref", s, FIX(0)), ERROR_MOVED));
    CU_ASSERT(raised(b, CALL3("set-u8!", s, FIX(0), FIX(0)), ERROR_MOVED));
    CU_ASSERT(raised(b, CALL2("bytes=?", s, s), ERROR_MOVED));
    CU_ASSERT(raised(b, CALL1("read-u8!", c), ERROR_MOVED));
    CU_ASSERT(raised(b, CALL2("read-bytes!", c, FIX(1)), ERROR_MOVED));
    bench_close(b);
}

static void appending_stops_at_the_buffers_end(void)
{
    struct bench bench, *b = &bench;
    bench_open(b);
    vvm_value text = make_string_utf8(&b->ctx, "gr\xc3\xbc\xc3\x9f", 6);
    CU_ASSERT_EQUAL(CALL2("append-counted-u8!", b->object, text), VALUE_UNSPECIFIED);
    CU_ASSERT_EQUAL(CALL2("u8-ref", b->object, FIX(10)), FIX(6));
    CU_ASSERT_EQUAL(CALL2("append-u64!", b->object, FIX(-1)), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(CALL2("append-s32!", b->object, FIX(-2)), VALUE_UNSPECIFIED);
    CU_ASSERT_EQUAL(CALL2("u32-ref", b->object, FIX(17)), FIX(0xfffffffe));
    CU_ASSERT_EQUAL(CALL2("append-bytes!", b->object, b->object), VALUE_UNSPECIFIED); /* itself */
    CU_ASSERT_EQUAL(b->packet->length, 42);
    CU_ASSERT_EQUAL(CALL2("u32-ref", b->object, FIX(38)), FIX(0xfffffffe));
    CU_ASSERT_EQUAL(CALL2("append-zeros!", b->object, CALL1("packet-room", b->object)), VALUE_UNSPECIFIED);
    CU_ASSERT(raised(b, CALL2("append-u8!", b->object, FIX(1)), ERROR_RANGE));
    CU_ASSERT(raised(b, CALL2("append-bytes!", b->object, b->object), ERROR_RANGE));
    CU_ASSERT_EQUAL(b->packet->length, 112);
    bench_close(b);
}

static void a_full_arena_is_a_trap(void)
{
    struct bench bench, *b = &bench;
    bench_open(b);
    b->ctx.end = b->ctx.free;
    CU_ASSERT_EQUAL(CALL1("slice", b->object), VALUE_EXCEPTION);
    CU_ASSERT_EQUAL(b->ctx.pending.kind, PENDING_TRAP);
    bench_close(b);
}

/* ---- layouts in packet code ---- */

static const char layout_source[] =
    "(define-layout slot (arity u8) (name (counted u8)))\n"
    "(define two 2)\n"
    "(define-layout head (version u8 = 1) (kind u8 = two) (high (bits 4)) (low (bits 12)) (from s16) (small "
    "u16 little)\n"
    "  (length u8 = (length-of name)) (key (bytes 3)) (name (counted u16)) (count u8) (slots (array count "
    "slot)) (rest rest))\n"
    "(define (build p) (build-head! p (high 5) (low 6) (from -2) (small 513) (name \"abc\") (count 1)\n"
    "  (slots (string->bytes \"\\x1;\\x1;z\")) (rest p)))\n"
    "(define (check p) (check-head p))\n"
    "(define-table seen map (key u8) (value u32) (entries 3))\n"
    "(define (note p) (table-update! seen (head-version p) (old) (+ old (head-low p))))\n";

static vvm_value run_global(struct bench *b, struct vvm_context *ctx, const struct vvm_vmlet *v,
                            const char *name)
{
    const struct denotation *d = environment_lookup(v->environment, intern(b->node, name));
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    ctx->fuel = 100000;
    ctx->pending.kind = PENDING_NONE;
    return vvm_call(ctx, b->node->current->bindings[d->global].value, 1, &b->object);
}

static void layouts_build_and_check_packets(void)
{
    static const uint8_t expected[] = {1, 2, 0x50, 6,   0xff, 0xfe, 1, 2, 3, 0,  0,
                                       0, 0, 3,    'a', 'b',  'c',  1, 1, 1, 'z'};
    struct bench bench, *b = &bench;
    struct vvm_vmlet *v;
    struct vvm_context ctx;
    bench_open(b);
    CU_ASSERT_EQUAL_FATAL(
        load_source(&b->node->control, "layout", layout_source, sizeof layout_source - 1, &v), 0);
    CU_ASSERT_EQUAL_FATAL(context_open(&ctx, b->node, false), 0);
    generation_enter(&ctx);
    CU_ASSERT_EQUAL(packet_trim(b->packet, 0), 0);
    CU_ASSERT_EQUAL(run_global(b, &ctx, v, "build"), b->object);
    CU_ASSERT_EQUAL(b->packet->length, sizeof expected * 2); /* rest: what stood there before it */
    CU_ASSERT_EQUAL(memcmp(b->packet->base + b->packet->head, expected, sizeof expected), 0);
    CU_ASSERT_EQUAL(run_global(b, &ctx, v, "check"), VALUE_TRUE);
    CU_ASSERT_EQUAL(run_global(b, &ctx, v, "note"), FIX(6));
    CU_ASSERT_EQUAL(run_global(b, &ctx, v, "note"), FIX(12));
    for (uint32_t length = sizeof expected; length-- > 0;) { /* each cut calls drop, which needs a network */
        CU_ASSERT_EQUAL(packet_trim(b->packet, length), 0);
        CU_ASSERT_EQUAL(run_global(b, &ctx, v, "check"), VALUE_EXCEPTION);
        CU_ASSERT(pending_error(&ctx, ERROR_NO_PACKET));
    }
    generation_leave(&ctx);
    context_close(&ctx);
    bench_close(b);
}

/* ---- ledger ---- */

static void the_ledger_balances_over_contexts(void)
{
    struct vvm_node node = {0};
    struct vvm_context one = {.node = &node, .world = &node.world}, two = one;
    struct ledger_row rows[16];
    CU_ASSERT_EQUAL_FATAL(ledger_open(&node.world), 0);
    CU_ASSERT_EQUAL(ledger_attach(&one), 0);
    ledger_count_named(&one, LEDGER_RECEIVED, "port0");
    ledger_count_named(&two, LEDGER_RECEIVED, "port0");
    ledger_count_named(&one, LEDGER_DROPPED, "bad-version");
    CU_ASSERT_EQUAL(ledger_balance(&node), 1);
    ledger_count(&two, ledger_row(&node, LEDGER_HELD, "queue"), 1);
    CU_ASSERT_EQUAL(ledger_balance(&node), 0);
    ledger_detach(&one);
    ledger_count(&two, ledger_row(&node, LEDGER_HELD, "queue"), -1);
    ledger_count_named(&two, LEDGER_SENT, "port1");
    CU_ASSERT_EQUAL(ledger_balance(&node), 0);
    CU_ASSERT_EQUAL(ledger_read(&node, rows, 16), 3);
    CU_ASSERT(rows[0].kind == LEDGER_RECEIVED && rows[0].count == 2 && strcmp(rows[0].name, "port0") == 0);
    CU_ASSERT(rows[1].kind == LEDGER_SENT && rows[2].kind == LEDGER_DROPPED);
    ledger_close(&node.world);
}

static void rows_beyond_the_last_are_other(void)
{
    struct vvm_node node = {0};
    struct vvm_context ctx = {.node = &node, .world = &node.world};
    static struct ledger_row rows[LEDGER_ROWS];
    CU_ASSERT_EQUAL_FATAL(ledger_open(&node.world), 0);
    for (unsigned i = 0; i < LEDGER_ROWS; i++) {
        char name[16];
        snprintf(name, sizeof name, "reason-%u", i);
        ledger_count_named(&ctx, LEDGER_DROPPED, name);
    }
    unsigned n = ledger_read(&node, rows, LEDGER_ROWS);
    CU_ASSERT_EQUAL(n, LEDGER_ROWS - LEDGER_KINDS + 1);
    CU_ASSERT_STRING_EQUAL(rows[0].name, "other");
    CU_ASSERT_EQUAL(rows[0].count, LEDGER_KINDS);
    CU_ASSERT_EQUAL(ledger_balance(&node), -LEDGER_ROWS);
    char cut[100];
    memset(cut, 'x', sizeof cut - 1);
    cut[99] = 0;
    CU_ASSERT_EQUAL(ledger_row(&node, LEDGER_SENT, cut), LEDGER_SENT); /* no row left: "other" */
    ledger_close(&node.world);
}

static void ports_that_packets_name_leave_rows_for_reasons(void)
{
    struct vvm_node node = {0};
    struct vvm_context ctx = {.node = &node, .world = &node.world};
    static struct ledger_row rows[LEDGER_ROWS];
    CU_ASSERT_EQUAL_FATAL(ledger_open(&node.world), 0);
    for (unsigned i = 0; i < 2 * LEDGER_ROWS; i++) {
        char name[16];
        snprintf(name, sizeof name, "port-%u", i);
        ledger_count_named(&ctx, LEDGER_DELIVERED, name);
    }
    ledger_count_named(&ctx, LEDGER_DROPPED, "late");
    unsigned n = ledger_read(&node, rows, LEDGER_ROWS);
    CU_ASSERT_EQUAL(n, LEDGER_PORTS + 1);
    CU_ASSERT_STRING_EQUAL(rows[n - 1].name, "late");
    CU_ASSERT_EQUAL(ledger_balance(&node), -(2 * LEDGER_ROWS + 1));
    ledger_close(&node.world);
}

void packet_tests(CU_pSuite suite)
{
    CU_add_test(suite, "views grow and shrink within the buffer", views_grow_and_shrink_within_the_buffer);
    CU_add_test(suite, "pools give each buffer once", pools_give_each_buffer_once);
    CU_add_test(suite, "slices denote the same octets when the head moves",
                slices_denote_the_same_octets_when_the_head_moves);
    CU_add_test(suite, "what was cut off cannot be reached", what_was_cut_off_cannot_be_reached);
    CU_add_test(suite, "a moved packet is refused everywhere", a_moved_packet_is_refused_everywhere);
    CU_add_test(suite, "appending stops at the buffer's end", appending_stops_at_the_buffers_end);
    CU_add_test(suite, "a full arena is a trap", a_full_arena_is_a_trap);
    CU_add_test(suite, "layouts build and check packets", layouts_build_and_check_packets);
    CU_add_test(suite, "the ledger balances over contexts", the_ledger_balances_over_contexts);
    CU_add_test(suite, "rows beyond the last are other", rows_beyond_the_last_are_other);
    CU_add_test(suite, "ports that packets name leave rows for reasons",
                ports_that_packets_name_leave_rows_for_reasons);
}
