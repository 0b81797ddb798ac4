/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embed.h - what stands behind the types of vvm.h. Private to embed/.
 *
 * vvm.h's vvm_node and vvm_context are wrappers round the engine's struct vvm_node and
 * struct vvm_context: they hold the application's call-backs, texts and buffers.
 */
#ifndef VVM_EMBED_H
#define VVM_EMBED_H

#include "../load.h"
#include "../packet.h"
#include "../vvm.h"

#define EMBED_HEADROOM  128u /* octets before a received packet, for networks that carry others */
#define EMBED_ARGUMENTS 16u
#define ERROR_OCTETS    600u

struct provided; /* provide.c */

struct vvm_embedding {
    struct vvm_node *node;           /* the machine */
    struct vvm_world *world;         /* the machine's, or the own one */
    struct vvm_world own;            /* of a node beside another */
    struct vvm_embedding *first;     /* whose machine it is; itself, if it is the own */
    unsigned beside;                 /* nodes on its machine, not counting itself */
    struct vvm_node_options options; /* addresses and path: copies */
    char *error;                     /* or NULL */
    struct provided *provided;       /* of the first; or NULL */
    struct policy *policy;           /* as well */
};

struct vvm_lane {
    struct vvm_embedding *embedding;
    struct vvm_context context;
    void *data;
    struct buffer_pool *pool;
    uint16_t device;  /* of the last packet, */
    unsigned row;     /* and under which row it was received; UINT_MAX: none yet */
    FILE *error_file; /* writes into error */
    char error[ERROR_OCTETS];
    uint8_t *kept; /* a result that did not stand in the arena */
    size_t kept_room;
};

struct vvm_entry_function {
    struct vvm_node *node;
    uint32_t index;
};

extern const struct vvm_host_ops embed_host_ops;
struct vvm_report embed_report(const struct outcome_report *report);

/** Remember what is pending on the control context as the node's error; gives err back. */
int embed_failed(struct vvm_embedding *embedding, int err);
/** The same with a text of its own. */
__attribute__((format(printf, 3, 4))) int embed_refused(struct vvm_embedding *embedding, int err,
                                                        const char *format, ...);
/** An embedding with options of its own and nothing else. -errno. */
int embed_new(const struct vvm_node_options *options, struct vvm_embedding **embedding);
/** A text of the application's as a symbol; VALUE_EXCEPTION when memory is out. */
vvm_value embed_symbol(struct vvm_embedding *embedding, const char *name);
void provided_close(struct provided *provided);

/** A value for C. What it points to is the value's own, or an object made for this.
 *  False with ctx->pending set. */
bool datum_from_value(struct vvm_context *ctx, vvm_value v, struct vvm_datum *datum);
/** And back; `nothing` stands for VVM_NOTHING. VALUE_EXCEPTION with ctx->pending set, or
 *  (none pending) if the datum is none: integer out of range, NULL with a length. */
vvm_value datum_to_value(struct vvm_context *ctx, const struct vvm_datum *datum, vvm_value nothing);

#endif
