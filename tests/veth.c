/* SPDX-License-Identifier: Apache-2.0 */
/* veth.c - namespace and veth pair for a test. */
#include "veth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites.h"

static bool put_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    bool done = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);

    if (file >= 0) close(file);
    return done;
}

/* Root makes a namespace at once, others inside a user namespace if they may. */
static bool enter_namespace(void)
{
    char map[64];
    unsigned user = geteuid();

    if (!unshare(CLONE_NEWNET)) return true;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET)) return false;
    snprintf(map, sizeof map, "0 %u 1", user);
    return put_file("/proc/self/setgroups", "deny") && put_file("/proc/self/uid_map", map);
}

bool veth_run(const char *command)
{
    char line[512];

    snprintf(line, sizeof line, "PATH=$PATH:/usr/sbin:/sbin; { %s; } >/dev/null 2>&1", command);
    return system(line) == 0;
}

static const char *try(void)
{
    if (!enter_namespace()) return "this user may make no network namespace: run it as root";
    if (!veth_run("command -v ip")) return "needs ip: apt-get install iproute2";
    if (!veth_run("ip link add name near type veth peer name far")) return "this kernel makes no veth pair";
    return NULL;
}

const char *veth_hindrance(void)
{
    static char answer[128];
    int ends[2];
    ssize_t n;
    pid_t child;

    if (pipe(ends)) return "no pipe";
    child = fork();
    if (child == 0) {
        const char *why = try();

        _exit(why && write(ends[1], why, strlen(why)) < 0);
    }
    close(ends[1]);
    n = read(ends[0], answer, sizeof answer - 1);
    close(ends[0]);
    if (child > 0) waitpid(child, NULL, 0);
    if (n < 0) return "it did not answer";
    answer[n] = '\0';
    return n ? answer : NULL;
}

/* The kernel brings a link into service by and by, and loses frames until then. */
static bool wait_for_service(int any, const char *device)
{
    struct ifreq answer = {0};
    unsigned tries;

    snprintf(answer.ifr_name, sizeof answer.ifr_name, "%s", device);
    for (tries = 0; tries < 500; tries++) {
        if (ioctl(any, SIOCGIFFLAGS, &answer)) return false;
        if (answer.ifr_flags & IFF_RUNNING) return true;
        usleep(10000);
    }
    return false;
}

int veth_open(unsigned mtu)
{
    char command[256];
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int far, one = 1;

    CU_ASSERT_FATAL(enter_namespace());
    /* the kernel is to say nothing of itself */
    put_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
    put_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    snprintf(
        command, sizeof command,
        "ip link add name %s mtu %u type veth peer name %s mtu %u && ip link set %s up && ip link set %s up",
        VETH_NEAR, mtu, VETH_FAR, mtu, VETH_NEAR, VETH_FAR);
    CU_ASSERT_FATAL(veth_run(command));
    far = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    address.sll_ifindex = (int)if_nametoindex(VETH_FAR);
    CU_ASSERT_FATAL(far >= 0 && !setsockopt(far, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one));
    CU_ASSERT_FATAL(!bind(far, (struct sockaddr *)&address, sizeof address));
    CU_ASSERT_FATAL(wait_for_service(far, VETH_NEAR) && wait_for_service(far, VETH_FAR));
    return far;
}

bool veth_send(int far, const uint8_t *octets, uint32_t length)
{
    if (send(far, octets, length, 0) == (ssize_t)length) return true;
    CU_ASSERT_EQUAL(errno, EINVAL);
    return false;
}

int veth_receive(int far, uint8_t *octets, uint32_t room, int milliseconds)
{
    struct pollfd wait = {.fd = far, .events = POLLIN};

    if (poll(&wait, 1, milliseconds) <= 0) return -1;
    return (int)recv(far, octets, room, MSG_DONTWAIT);
}
