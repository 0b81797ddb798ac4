/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vvm.h - libvvm: the engine inside your program. This is its whole interface.
 *
 * An application makes a node, loads VMlets into it, and lets them work on what comes
 * along: messages that a function of a VMlet looks at and changes, or packets of networks
 * that VMlets define. VMlets come and go while it runs.
 *
 *     cc filter.c $(pkg-config --cflags --libs vvm)
 *
 *     vvm_node *node;
 *     if (vvm_node_open(NULL, &node)) return 1;
 *     if (vvm_load_file(node, "keep.vml")) fputs(vvm_error(node), stderr);
 *
 * Errors. Functions return 0 or a negative errno. After a failure vvm_error (of a node) or
 * vvm_context_error (of a context) gives a text for people: where, what, often what to do.
 * What failed has changed nothing. Out of memory is -ENOMEM everywhere and not named again.
 *
 * Threads. One thread at a time may use a node: call it the node's control thread. Each
 * context belongs to one thread at a time as well; functions that take a context may run
 * at the same time as everything else, loads included: a message or a packet sees one
 * state of the node from beginning to end. Nodes share nothing, but for those opened beside
 * each other, which have one control thread.
 *
 * Memory. Texts and octets that are handed in are copied, or used no longer than the call
 * lasts. What is handed out belongs to the library; each function says how long it stays.
 *
 * Structures that an application fills begin with their size, so that they can grow:
 *     struct vvm_node_options options = {.size = sizeof options, .path = "vmlets"};
 * Fields that are left out, or that this library does not have yet, are zero.
 */
#ifndef VVM_H
#define VVM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined __GNUC__
#define VVM_API __attribute__((visibility("default")))
#else
#define VVM_API
#endif

typedef struct vvm_embedding vvm_node;          /* one machine: VMlets, tables, counters */
typedef struct vvm_lane vvm_context;            /* what a thread needs to execute on a node */
typedef struct vvm_entry_function vvm_function; /* a function of a VMlet, by name */

/** Version of the library that runs, "0.1.0". */
VVM_API const char *vvm_version(void);

/* ---- values ------------------------------------------------------------------------ */

enum vvm_kind {
    VVM_NOTHING, /* no value of interest */
    VVM_BOOLEAN, /* integer: 0 or 1 */
    VVM_INTEGER, /* integer: 61 bits, -1152921504606846976 to 1152921504606846975 */
    VVM_OCTETS,  /* octets, length: a bytevector of the language, or a part of one */
    VVM_TEXT,    /* octets, length: UTF-8 of a string; a zero stands behind it */
    VVM_SYMBOL,  /* octets, length: the symbol's name; a zero stands behind it */
    VVM_WRITTEN  /* octets, length: any other value as the language writes it; as VVM_TEXT */
};

/* What goes in and comes out. */
struct vvm_datum {
    enum vvm_kind kind;
    int64_t integer;
    const void *octets;
    size_t length;
};

/* How a packet ended. */
enum vvm_outcome { VVM_SENT, VVM_DELIVERED, VVM_DROPPED, VVM_CONSUMED, VVM_HELD };

struct vvm_report {
    enum vvm_outcome outcome;
    const char *name;    /* reason of a drop, cause, port; valid until the context's next packet */
    const char *network; /* which network ended it */
    int64_t fuel;        /* steps */
};

/* ---- nodes ------------------------------------------------------------------------- */

/* Call-backs get `data`. Those with a context are called on the thread that executes on it,
 * in the middle of a packet: they must not block for long, and may use the node or the
 * context for nothing but vvm_context_data. The others are called on the control thread. */
struct vvm_node_options {
    size_t size; /* sizeof of this structure */
    void *data;
    size_t heap_limit;         /* octets of the control heap; 0: 256 MiB */
    int64_t load_fuel;         /* steps of one load or evaluation; 0: 10^12 */
    uint64_t seed;             /* of hash keys and random numbers; 0: from the system */
    const char *path;          /* folders, colon-separated, where imports are looked for; NULL: none */
    FILE *output;              /* what VMlets display; NULL: stdout */
    const uint32_t *addresses; /* IPv4 addresses of this node, host order */
    size_t address_count;
    size_t packet_octets; /* room for a packet's octets; 0: 2048; at most 65536 */
    size_t packets;       /* that a context can hold at one time; 0: 64 */
    /* Nanoseconds that never go back. Any thread. NULL: the system's monotonic clock. */
    uint64_t (*clock)(void *data);
    /* A packet leaves by a device, toward an IPv4 address (0: none was named). NULL if it was
     * taken; else the reason under which it is counted as dropped, a text that stays. */
    const char *(*transmit)(void *data, vvm_context *context, uint16_t device, uint32_t address,
                            const void *octets, size_t length);
    /* Octets arrived for an application behind a port. NULL or the reason, as above. */
    const char *(*deliver)(void *data, vvm_context *context, const char *network, uint32_t port,
                           const void *octets, size_t length);
    /* Largest packet of the device, octets; 0: there is no such device. NULL: packet_octets
     * for every device. */
    uint32_t (*mtu)(void *data, uint16_t device);
    /* A packet has ended that was not handed to vvm_receive: one that had been held, or that
     * one network of this node gave to another. NULL: nobody wants to know. */
    void (*ended)(void *data, vvm_context *context, const struct vvm_report *report);
    /* One line that a VMlet wants to be read. NULL: to stderr. */
    void (*log)(void *data, const char *line);
};

/** A new node with the language loaded and nothing else. options may be NULL.
 *  -EINVAL: a field has no meaning (packet_octets beyond its range, or size 0);
 *  -E2BIG: the structure is of a newer library and has fields set that this one does not know. */
VVM_API int vvm_node_open(const struct vvm_node_options *options, vvm_node **node);
/** A further node on the machine of `first`, for many nodes of one kind at little cost: less
 *  than a millisecond, and some 100 KiB with a context. It has the VMlets of `first`, now and
 *  later: what is loaded into one of them, replaced or unloaded is so for all, and so are
 *  variables and what is provided. Its own are its ledger, its tables, and all that its
 *  options say but for heap_limit, load_fuel, seed, path and output, which are those of
 *  `first`. Its tables begin as those of `first` are now (no packet may be in execution there);
 *  what a load writes into tables that it makes, all get, and what a VMlet does when it is
 *  published, or to convert the entries of a table, is done to those of `first`. All nodes of
 *  a machine have one control thread. Errors of this call are told by vvm_error(first). */
VVM_API int vvm_node_open_beside(vvm_node *first, const struct vvm_node_options *options, vvm_node **node);
/** Close a node whose contexts are closed, and all nodes beside it before it. NULL is no
 *  node, and that is well. */
VVM_API void vvm_node_close(vvm_node *node);
/** `data` of its options. Any thread. */
VVM_API void *vvm_node_data(const vvm_node *node);
/** What went wrong last, one line or several; "" before the first failure. Valid until the
 *  next call with this node. */
VVM_API const char *vvm_error(const vvm_node *node);

/* ---- VMlets ------------------------------------------------------------------------ */

/* Each of these is a transaction: packets and messages in execution end in the state in
 * which they began, later ones see the new one, and a failure leaves the old one. */

/** Load a VMlet from a file, source (.vml) or image (.vmi), with what it imports.
 *  -ENOENT and the like: the file; -EEXIST: one of that name is loaded; -EINVAL, -EPERM: it
 *  is refused; -EBUSY: packets still run in the last three states of the node: try again. */
VVM_API int vvm_load_file(vvm_node *node, const char *path);
/** The same from memory, source text (UTF-8) or octets of an image. `origin` stands for the
 *  file's name in messages, and imports are looked for beside it. */
VVM_API int vvm_load(vvm_node *node, const char *origin, const void *octets, size_t length);
/** Load a VMlet in place of the one of the same name; if there is none it is simply loaded.
 *  Tables of the same form keep their contents, bound functions lead to the new one.
 *  -EPERM: it lacks what other VMlets import from the old one. */
VVM_API int vvm_replace_file(vvm_node *node, const char *path);
VVM_API int vvm_replace(vvm_node *node, const char *origin, const void *octets, size_t length);
/** Take a VMlet out again, with all that it defined. What others import stays (-EBUSY),
 *  unless `cascade` is not 0: then those others go with it. -ENOENT: no such VMlet. */
VVM_API int vvm_unload(vvm_node *node, const char *name, int cascade);
/** From now on a VMlet that is loaded gets at most these capabilities of those that its
 *  header asks for, in the words of a (needs ...) clause: "(table 1MiB) (network udp 7)". ""
 *  permits nothing beyond computing; NULL: what it asks for, as at first. What is loaded keeps
 *  what it has. Control thread. -EINVAL: no such capability. */
VVM_API int vvm_permit(vvm_node *node, const char *capabilities);
/** Evaluate the expressions of a text one after another, each a transaction of its own; the
 *  value of the last one goes to *result (which may be NULL), valid until the next call with
 *  this node. `vmlet` names the VMlet whose names it sees, and whose its definitions
 *  become; NULL: a VMlet `session` that the library makes for this. -ENOENT: no such VMlet. */
VVM_API int vvm_evaluate(vvm_node *node, const char *vmlet, const char *text, size_t length,
                         struct vvm_datum *result);
/** Call `each` for every VMlet, the newest first; the language itself, `core`, comes last. */
VVM_API void vvm_vmlets(const vvm_node *node, void (*each)(void *data, const char *name, int64_t version),
                        void *data);

/* ---- contexts ---------------------------------------------------------------------- */

/** Open a context. Control thread; it may then be used by another. `data` comes back from
 *  vvm_context_data. */
VVM_API int vvm_context_open(vvm_node *node, void *data, vvm_context **context);
/** Close it, on the control thread, when nobody uses it any more. NULL is none. */
VVM_API void vvm_context_close(vvm_context *context);
VVM_API void *vvm_context_data(const vvm_context *context);
/** What went wrong with this context last. Valid until the next call with it. */
VVM_API const char *vvm_context_error(vvm_context *context);

/* ---- functions of VMlets: message filters --------------------------------------------- */

/* A function that an application calls may do what code for packets may: compute, use
 * tables, call functions; it makes no closures and assigns no variables. That is checked
 * when it is bound and at every load from then on: a load that would make it something
 * else is refused. It runs within its fuel and its memory, whatever it does. */

/** Bind to a function by the names of its VMlet and its own. It follows what the name
 *  stands for: when the VMlet is replaced, the next message meets the new one. Control thread.
 *  -ENOENT: there is none now; -EPERM: it may not run for messages. */
VVM_API int vvm_function_open(vvm_node *node, const char *vmlet, const char *name, vvm_function **function);
/** Let go of it, when nobody runs it any more. Control thread. NULL is none. */
VVM_API void vvm_function_close(vvm_function *function);
/** Run it. Arguments: VVM_NOTHING (as #f), VVM_BOOLEAN, VVM_INTEGER, VVM_OCTETS (a fresh
 *  bytevector, which it may change). At most 16 of them, 128 KiB in all. *result is valid
 *  until the next call with this context; octets come out without a copy. `fuel` is in
 *  steps, about one for each instruction; *used, unless NULL, gets how many it took.
 *  Any thread, with a context of the node, or of one beside it.
 *  -ETIME: the fuel was used up; -ENOBUFS: its memory; -ELOOP: calls inside each other
 *  too deep; -ECANCELED: it raised an error; -ENOENT: its VMlet has gone;
 *  -E2BIG, -EINVAL: the arguments. */
VVM_API int vvm_function_run(vvm_context *context, const vvm_function *function,
                             const struct vvm_datum *arguments, size_t count, int64_t fuel,
                             struct vvm_datum *result, int64_t *used);

/* ---- packets ----------------------------------------------------------------------- */

/* By what a network may claim packets in its (match ...) clause. */
enum vvm_match { VVM_ETHERNET_TYPE, VVM_IP_PROTOCOL, VVM_UDP_PORT };

/** Execute a packet whose octets begin with the network's own header (or, of a network
 *  inside others, with the outermost one's). It came in by `device`. It is counted as
 *  received, and once more by how it ended; *report, unless NULL, says how.
 *  -ENOENT: no such network is loaded; -EMSGSIZE: longer than packet_octets; -ENOBUFS: no
 *  buffer is free. Then it is counted as dropped, the report says so. */
VVM_API int vvm_receive(vvm_context *context, const char *network, uint16_t device, const void *octets,
                        size_t length, struct vvm_report *report);
/** The same for the network that claims an EtherType, IP protocol or UDP port. */
VVM_API int vvm_receive_by(vvm_context *context, enum vvm_match match, uint32_t key, uint16_t device,
                           const void *octets, size_t length, struct vvm_report *report);
/** Do what is due without a packet: timers of VMlets, and what their queues and tables do
 *  when a time is over. To be called between packets, always with the same one of a node's
 *  contexts; gives the moment, in nanoseconds of the node's clock, when there is something to
 *  do again. A node whose VMlets have neither timers nor such times needs no call. */
VVM_API uint64_t vvm_run_due(vvm_context *context);
/** Call `each` for what the networks claim now. */
VVM_API void vvm_claims(const vvm_node *node,
                        void (*each)(void *data, enum vvm_match match, uint32_t key, const char *network),
                        void *data);

/* ---- the application's own functions -------------------------------------------------- */

/* A function in C that VMlets call by name, once they ask for it:
 *     (import (host send-mail))                                                            */
struct vvm_provision {
    size_t size; /* sizeof of this structure */
    const char *name;
    /* What it is for, shown by (doc NAME); NULL: nothing. */
    const char *description;
    unsigned least, most; /* numbers of arguments; at most 16 */
    /* Steps that a call is charged, at least 1. */
    unsigned cost;
    /* Not 0: code for messages and packets may call it too, on any thread. It has to be
     * quick then. 0: loads and evaluations only, on the control thread. */
    int in_packets;
    void *data;
    /* Arguments stay only for the call. *result is VVM_NOTHING at first; its octets are
     * copied when it returns. NULL: all is well; else the error that is raised, in words. */
    const char *(*run)(void *data, const struct vvm_datum *arguments, size_t count, struct vvm_datum *result);
};
#define VVM_PROVISIONS_MAX 64 /* of a node */

/** Make it known under its name in the VMlet `host`. Control thread. The strings are copied.
 *  -EEXIST: the language or the application has a function of that name;
 *  -ENOSPC: there are VVM_PROVISIONS_MAX. */
VVM_API int vvm_provide(vvm_node *node, const struct vvm_provision *provision);

/* ---- readings ------------------------------------------------------------------------ */

/** Where packets went: `each` gets every row that is not zero; kind is "received",
 *  "created", "sent", "delivered", "consumed", "dropped" or "held". Control thread. */
VVM_API int vvm_ledger(const vvm_node *node,
                       void (*each)(void *data, const char *kind, const char *name, uint64_t count),
                       void *data);
/** received + created - sent - delivered - consumed - dropped - held: 0 whenever no packet is
 *  in execution. */
VVM_API int64_t vvm_ledger_balance(const vvm_node *node);
/** Other counters, by name: "heap-octets", "collections", "generations", "vmlets" ... Names
 *  may be added. Control thread. */
VVM_API void vvm_counters(const vvm_node *node, void (*each)(void *data, const char *name, uint64_t value),
                          void *data);

#ifdef __cplusplus
}
#endif

#endif
