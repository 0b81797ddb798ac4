/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - state that packets share: maps, longest-prefix tables, arrays.
 *
 * A table is made by a load script, with all the memory it will ever use; it belongs
 * to the node and is found by its owner VMlet and its name. All workers use it at
 * once: readers take no lock, they read again when a writer was in between (a
 * sequence number stands beside the data); writers lock one bucket of a map, or the
 * longest-prefix table, for a few stores. Array elements are atomic words.
 *
 * Keys and values are packed: integers big-endian, fields one after another, padded
 * with zero octets to whole words.
 */
#ifndef VVM_TABLE_H
#define VVM_TABLE_H

#include "../machine.h"

#define TABLE_OCTETS_MAX  (UINT64_C(128) << 20) /* memory of one table */
#define TABLES_MAX        4096                  /* of a node */
#define TABLE_FIELDS_MAX  8
#define TABLE_KEY_MAX     64   /* octets */
#define TABLE_VALUE_MAX   1024 /* octets */
#define TABLE_KEY_WORDS   (TABLE_KEY_MAX / 8)
#define TABLE_VALUE_WORDS (TABLE_VALUE_MAX / 8)

struct table_field {
    uint8_t type;    /* enum slot_type of an integer; SLOT_ANY: octets */
    uint16_t size;   /* octets */
    uint16_t offset; /* in the packed key or value */
};

struct table_schema {
    unsigned key_count, value_count;
    struct table_field key[TABLE_FIELDS_MAX], value[TABLE_FIELDS_MAX];
    uint16_t key_size, value_size; /* octets; value: at most, if it is variable */
    bool variable;                 /* (value bytes N): up to N octets */
    bool lru;                      /* a full map forgets what was not used lately */
    uint64_t entries;              /* 0: as many as fit in `octets` */
    uint64_t octets;               /* quota; 0: TABLE_OCTETS_MAX */
    uint64_t lifetime;             /* nanoseconds after the last write; 0: for ever */
    bool own_lifetimes;            /* (expires per-entry): each put says how long */
    bool swept;                    /* somebody is told of what expires: it stays until the sweep comes */
    vvm_value reason;              /* queue: symbol under which what expires is dropped */
    uint32_t size;                 /* assembly: octets of a whole, at most */
    bool evict;                    /* queue: when it is full, what has waited longest is dropped */
};

struct table_value {
    bool present;
    uint32_t length;   /* octets */
    uint64_t deadline; /* of an entry of a table whose entries have lifetimes of their own; 0: none */
    uint64_t words[TABLE_VALUE_WORDS];
};

/* One entry of a table, for who goes over all of them. */
struct table_entry {
    uint64_t key[TABLE_KEY_WORDS];
    unsigned length; /* of an lpm: bits of the prefix */
    struct table_value value;
};

/* What a write demands of what is there. */
enum table_mode {
    TABLE_PUT,      /* nothing */
    TABLE_ADD,      /* no entry: else -EEXIST */
    TABLE_EXCHANGE, /* `expected`: else -EAGAIN. An absent entry also passes for a value of zeros */
};

struct table;
struct table_ops {
    const char *name;
    /* Octets that `entries` entries take; may not overflow for entries <= 2^32. */
    uint64_t (*octets)(const struct table_schema *schema, uint64_t entries);
    int (*open)(struct table *table, const uint64_t seed[2]);
    void (*close)(struct table *table);
    /* 0, or -ERANGE: no such element. Keys are packed, value->present says if it is there. */
    int (*read)(struct table *table, const uint64_t *key, uint64_t now, struct table_value *value);
    /* 0, -EEXIST, -EAGAIN, -ENOSPC: full, -ERANGE */
    int (*write)(struct table *table, const uint64_t *key, const struct table_value *value,
                 enum table_mode mode, const struct table_value *expected, uint64_t now);
    /* true: it was there */
    bool (*remove)(struct table *table, const uint64_t *key, uint64_t now);
    uint64_t (*count)(struct table *table, uint64_t now);
    /* `to` has just been opened with the same schema and seed; nobody writes `from`. */
    void (*copy)(struct table *to, const struct table *from);
    /* The next entry from *at on, which begins at 0; false: there are no more. What is written
     * meanwhile may be given or not, but each entry is one that stood there. Of an array, the
     * elements that are not 0. */
    bool (*next)(struct table *table, uint64_t *at, uint64_t now, struct table_entry *entry);
};
extern const struct table_ops table_map, table_lpm, table_array;
extern const struct table_ops table_queue, table_assembly; /* see queue.h, assembly.h */

/* TYPE_TABLE: in the control heap, held by the table's root */
struct table_object {
    uint64_t header;
    struct table *table; /* NULL: the load that made it was abandoned */
};

struct table {
    const struct table_ops *ops;
    struct table_schema schema;
    vvm_value name; /* symbol */
    const struct vvm_vmlet *owner;
    const struct vvm_vmlet *heir; /* the VMlet being loaded in the owner's place has made it again */
    uint32_t slot;                /* a number that no other table of the node has now: see view.c */
    bool published;
    bool dropped;          /* its owner has gone: freed when nothing leads to the handle any more */
    struct ledger *ledger; /* in which its packets are counted; NULL: a test's */
    struct table *next;    /* of the node */
    void *body;            /* struct map, lpm or array */
    struct vvm_root root;  /* of the handle */
};

static inline vvm_value table_handle(const struct table *table) { return table->root.value; }
/** The table that a handle stands for in a view, made when it is first asked for; NULL: no
 *  memory, or `table` is NULL. A test's view: control thread. */
struct table *table_in_view(struct table_view *view, const struct table *table);
/** The table of a handle, as the context's world has it. NULL: see table_gone. */
static inline struct table *table_of(const struct vvm_context *ctx, vvm_value handle)
{
    struct table *table = ((const struct table_object *)value_pointer(handle))->table;
    struct table_view *view = ctx->world->view;
    return __builtin_expect(!view, 1) ? table : table_in_view(view, table);
}
/** The error of a handle without table. */
vvm_value table_gone(struct vvm_context *ctx, const char *primitive);

/** What (table-ref table word) gives, for code that has the key as a raw word. Allocates; the
 *  error is set with VALUE_EXCEPTION. */
vvm_value table_word(struct vvm_context *ctx, vvm_value table, uint64_t word);

/* ---- maps whose entries expire ---- */

/** The entry of a key lives until the deadline; false: there is none. */
bool map_refresh(struct table *table, const uint64_t *key, uint64_t deadline, uint64_t now);
/** Take out the next expired entry: look at *steps at most from *hand (0: the first) on, which
 *  becomes 0 at the end of the table. False: none was found. */
bool map_take_expired(struct table *table, uint32_t *hand, unsigned *steps, uint64_t now, uint64_t *key,
                      struct table_value *value);

/* ---- longest prefixes: a key of 4 or 16 octets and a number of bits ---- */

/** The value of the longest prefix of a 32-bit address; false: there is none. */
bool lpm_find(const struct table *table, uint32_t address, uint64_t *value);
int lpm_add(struct table *table, const uint64_t *key, unsigned length, uint64_t value); /* 0, -ENOSPC */
bool lpm_remove(struct table *table, const uint64_t *key, unsigned length);
/** lpm_add if the prefix is not there: else -EEXIST. The value is packed. */
int lpm_add_new(struct table *table, const uint64_t *key, unsigned length, const struct table_value *value);

/* ---- arrays: elements at their natural size ---- */

uint64_t array_add(struct table *table, uint64_t index, uint64_t n); /* the new element; index in range */
/** Element of the array that v should be, signed ones extended. False: see the error. Any thread. */
bool array_word(const struct vvm_context *ctx, vvm_value v, uint64_t index, uint64_t *word);
vvm_value array_word_error(struct vvm_context *ctx, vvm_value v);

/* ---- schema.c ---- */

/** From the descriptor ((key TYPE ...) (value TYPE ...) (entries n) (bytes n)
 *  (expires seconds) (lru)); TYPE is u8..s64, (bytes n), or (variable n) as the only
 *  value. -EINVAL with ctx->pending. */
int schema_read(struct vvm_context *ctx, const struct table_ops *ops, vvm_value descriptor,
                struct table_schema *schema);
/** Pack arguments from args[first] on, one a field. False: ctx->pending is set. */
bool schema_pack_key(struct vvm_context *ctx, const char *name, const struct table_schema *schema,
                     const vvm_value *args, unsigned first, uint64_t words[TABLE_KEY_WORDS]);
bool schema_pack_value(struct vvm_context *ctx, const char *name, const struct table_schema *schema,
                       unsigned n, const vvm_value *args, unsigned first, struct table_value *value);
/** A single integer as itself, all else as fresh bytes. */
vvm_value schema_unpack_value(struct vvm_context *ctx, const struct table_schema *schema,
                              const struct table_value *value);

/** Each field of a key or of a value as itself: to out[], which has room for TABLE_FIELDS_MAX.
 *  How many; VALUE_EXCEPTION among them if memory is out. */
unsigned schema_unpack_key(struct vvm_context *ctx, const struct table_schema *schema, const uint64_t *key,
                           vvm_value *out);
unsigned schema_unpack_values(struct vvm_context *ctx, const struct table_schema *schema,
                              const struct table_value *value, vvm_value *out);

/* ---- table.c: the node's tables. All on the control thread ---- */

/** The table (owner, name): an old one if its schema is the same, else a new one,
 *  which stays private to the open load until it publishes. NULL with ctx->pending. */
struct table *table_make(struct vvm_context *ctx, const struct vvm_vmlet *owner, vvm_value name,
                         const struct table_ops *ops, const struct table_schema *schema);
/** The load that made tables has been published, or abandoned: they stay, or go. */
void table_publish(struct vvm_node *node);
void table_abandon(struct vvm_node *node);
/** A load that was on trial is taken back: its tables go when no worker sees them any more. */
void table_revert(struct vvm_node *node);
/** The owner's newest table of that name, or NULL. */
struct table *table_named(const struct vvm_node *node, const struct vvm_vmlet *owner, vvm_value name);
/** A table like this one that nobody else knows, with its contents or empty. NULL: no memory. */
struct table *table_twin(struct vvm_node *node, const struct table *table, bool contents);
void table_twin_free(struct table *twin);
/** A view in which no table has a twin yet; NULL: no memory. Close frees the twins. */
struct table_view *table_view_open(struct vvm_node *node);
void table_view_close(struct table_view *view);
/** A view for a world that stays, with a twin of every table; nobody may write a table
 *  meanwhile; packets in queues are counted in that ledger. NULL: no memory. Any thread may
 *  look up in it. */
struct table_view *table_view_stand(struct vvm_node *node, struct ledger *ledger);
/** Before a load is published: twins of what it has made, in all standing views. -ENOMEM. */
int table_views_fill(struct vvm_node *node);
/** A table is about to be freed: its twins go too. */
void table_views_forget(struct vvm_node *node, const struct table *table);
/** The first of the node's standing views; NULL: no memory. Private to table/. */
struct table_view **tables_views(struct vvm_node *node);
/** The tables of a VMlet that was unloaded are no longer found by name, and not rooted. */
void tables_drop(struct vvm_node *node, const struct vvm_vmlet *owner);
/** Those of a VMlet that was replaced: what the new one made again is its own now, the rest
 *  is dropped. */
void tables_pass(struct vvm_node *node, const struct vvm_vmlet *from, const struct vvm_vmlet *to);
/** Free the dropped tables whose handle the collector did not come to. */
void tables_sweep(struct vvm_node *node, bool (*is_marked)(const void *data, vvm_value handle),
                  const void *data);
/** The newest of the node's tables, dropped ones among them, or NULL. */
const struct table *tables_first(const struct vvm_node *node);
unsigned tables_count(const struct vvm_node *node);
/** Free all tables; the node ends. */
void tables_close(struct vvm_node *node);

/** args[0] must be a queue and the others its key, which is packed. NULL with the error set. */
struct table *queue_arguments(struct vvm_context *ctx, const char *name, unsigned n, const vvm_value *args,
                              uint64_t key[TABLE_KEY_WORDS]);

int table_primitives(struct vvm_node *node);

#endif
