/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execution.h - the packet in execution on a context: what it owns, how it ends.
 * Private to wire/.
 *
 * Ownership: network_receive takes the received packet; packets that code makes join
 * a list. Whatever of these is neither sent nor delivered when the execution ends is
 * freed there, and counted: the received packet by its outcome, the others as dropped
 * `unsent`.
 */
#ifndef VVM_WIRE_EXECUTION_H
#define VVM_WIRE_EXECUTION_H

#include "cache.h"
#include "waiting.h"

#define OUTCOME_NAME 24 /* "port-" and a number */
#define OUTCOME_ROWS 64 /* a power of two */

/* Where an outcome is counted, found by the place of its name: no name is hashed for
 * a packet. Names that live as long as the node, the text made here apart. */
struct outcome_row {
    const char *name;
    uint32_t kind, row;
};

/* What send and emit are about to seal: see seal.c. */
struct sealing {
    struct packet_object *handle;
    const struct network *network; /* whose header stands at head now */
    uint32_t key;                  /* of the layer that is being sealed */
    bool fresh;                    /* its header has yet to be written */
    uint32_t inner;                /* where the innermost header stands, from base */
    bool ready;                    /* all layers are sealed; network is the outermost */
    unsigned rounds;
};

struct peeled {
    bool set;
    uint32_t key, header, payload;
};

#define TIMED_MOST 128 /* timers and tables whose entries expire, of a node */

/* A timer, or a table to sweep, as its home context sees it. */
struct timed {
    const struct wire_member *member; /* valid in the generation that timers->generation names */
    uint64_t due;
    uint32_t hand; /* of a map: where the sweep goes on; 0: from the start */
    bool failed;   /* the last time */
};

struct timers {
    uint64_t generation, next; /* next: when there is something to do */
    unsigned count;
    struct timed items[TIMED_MOST];
};

struct assembled;

struct execution {
    struct wire_cache *cache;
    struct packet_object handle; /* `packet` of the code */
    struct vvm_packet *received; /* NULL once it went away */
    struct vvm_packet *made;     /* by code and not yet emitted; linked by next */
    const struct network *outermost;
    int64_t fuel_limit, fuel_before; /* of this network; spent by outer ones */
    struct sealing sealing;
    struct peeled peeled;
    bool counted; /* the received packet's end stands in the ledger */
    enum outcome outcome;
    const char *name;
    struct assembled *assembled; /* wholes that are this packet's */
    bool detached;               /* no packet is in execution: a timer or a call-back runs */
    struct waiting waiting;
    struct timers timers;
    struct outcome_row rows[OUTCOME_ROWS];
    struct outcome_port {
        uint32_t port;
        char name[OUTCOME_NAME]; /* "": not yet made */
    } ports[OUTCOME_ROWS];
};

/** Say how the received packet ends and count it, once. The name is a symbol's or a
 *  literal: it lives as long as the node. */
void execution_end(struct vvm_context *ctx, enum outcome outcome, const char *name);
/** The same for a delivery to a port. */
void execution_deliver(struct vvm_context *ctx, uint32_t port);
/** The received packet went on to elsewhere on this node: it is counted where it ends. */
void execution_leave(struct vvm_context *ctx, const char *name);
/** Count a packet under such a name; or n. */
void execution_count_by(struct vvm_context *ctx, enum ledger_kind kind, const char *name, int64_t n);
static inline void execution_count(struct vvm_context *ctx, enum ledger_kind kind, const char *name)
{
    execution_count_by(ctx, kind, name, 1);
}
/** Code begins to run that no packet led to, in the name of a network, with so much fuel. */
void detached_begin(struct vvm_context *ctx, const struct network *network, int64_t fuel);
/** True if it returned; else ctx->pending says why not. */
bool detached_run(struct vvm_context *ctx, vvm_value procedure, unsigned n, const vvm_value *args);
/** What it made and did not send is dropped. */
void detached_end(struct vvm_context *ctx);
/** Give back the wholes that the packet had put together. */
void assembled_release(struct execution *x);
/** Tell the host of the end of a packet that it did not give. */
void execution_report(struct vvm_context *ctx, const struct outcome_report *report);
/** Where this context's made packets come from, or NULL. */
struct vvm_pool *execution_pool(struct vvm_context *ctx);
/** The packet of a handle if it has not moved away; NULL with the error set. */
static inline struct vvm_packet *packet_argument(struct vvm_context *ctx, const char *name, unsigned i,
                                                 vvm_value v)
{
    struct vvm_packet *p = has_type(v, TYPE_PACKET) ? ((struct packet_object *)value_pointer(v))->packet
                                                    : NULL;
    return p ? p : no_packet(ctx, name, i, v);
}
struct execution *no_execution(struct vvm_context *ctx);
/** The context's execution, or NULL with the error no-packet. */
static inline struct execution *execution_of(struct vvm_context *ctx)
{
    return ctx->packet_profile && ctx->execution && ctx->network ? ctx->execution : no_execution(ctx);
}
/** The same while a packet is in execution, which can end. */
static inline struct execution *execution_of_packet(struct vvm_context *ctx)
{
    struct execution *x = execution_of(ctx);
    return x && !x->detached ? x : x ? no_execution(ctx) : NULL;
}
/** Take a made packet off the list; false if it is not on it. */
bool execution_release(struct execution *x, struct vvm_packet *p);
/** Put a made packet on the list and make its handle; frees it when that fails. */
vvm_value execution_adopt(struct vvm_context *ctx, struct execution *x, struct vvm_packet *p);

/** The network whose programs have this form, the one in execution first; or NULL. */
const struct network *network_of_program(const struct vvm_context *ctx, const struct wire_program *program);
/** The network that claims a key of a parent network, or NULL. */
const struct network *network_child(const struct vvm_generation *g, const struct network *parent,
                                    uint32_t key);
/** The (network parent key) clause by which n is carried by another network, or NULL. */
const struct match_clause *network_carried(const struct network *n);
const struct network *network_named(const struct vvm_generation *g, vvm_value name);

#endif
