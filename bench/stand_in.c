/* Lets both daemons run where the kernel has no IPVS: the family is there, and every command is acknowledged.
 *
 * Loaded with LD_PRELOAD. keepalived's commands are taken from the functions of libnl that it sends them with, ours from
 * its netlink socket. The environment variable STAND_IN_COUNTS names a file of three numbers of 64 bits: services added,
 * destinations added, destinations removed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NL_CB_FINISH = 1, NL_CB_ACK = 4, A_FAMILY = 99, NEW_SERVICE = 1, NEW_DEST = 5, DEL_DEST = 7 };

typedef int (*callback)(void *message, void *argument);

extern struct nlmsghdr *nlmsg_hdr(void *message) __attribute__((weak));

static callback finished, acknowledged;
static void *finished_with, *acknowledged_with;
static int generic = -1;
static char answers[1 << 16];
static size_t waiting;

static void count(const struct nlmsghdr *message)
{
	static uint64_t *counts;
	const char *path = getenv("STAND_IN_COUNTS");
	int command = ((const struct genlmsghdr *)NLMSG_DATA(message))->cmd;

	if (!counts && path) {
		int file = open(path, O_RDWR);
		void *memory = mmap(NULL, 3 * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		counts = memory == MAP_FAILED ? NULL : memory;
		close(file);
	}
	if (counts)
		counts[0] += command == NEW_SERVICE, counts[1] += command == NEW_DEST, counts[2] += command == DEL_DEST;
}

/* keepalived: libnl */

int genl_ctrl_resolve(void *socket, const char *name)
{
	(void)socket, (void)name;
	return A_FAMILY;
}

int nl_socket_modify_cb(void *socket, int type, int kind, callback function, void *argument)
{
	(void)socket, (void)kind;
	if (type == NL_CB_ACK)
		acknowledged = function, acknowledged_with = argument;
	if (type == NL_CB_FINISH)
		finished = function, finished_with = argument;
	return 0;
}

int nl_send_auto(void *socket, void *message)
{
	(void)socket;
	if (nlmsg_hdr)
		count(nlmsg_hdr(message));
	return 1;
}

int nl_recvmsgs_default(void *socket)
{
	(void)socket;
	if (finished)
		finished(NULL, finished_with);
	if (acknowledged)
		acknowledged(NULL, acknowledged_with);
	return 0;
}

/* ours: a socket */

static void answer(const struct nlmsghdr *request, uint16_t kind, const void *body, size_t length)
{
	struct nlmsghdr head = {NLMSG_LENGTH(length), kind, 0, request->nlmsg_seq, 0};

	if (waiting + NLMSG_SPACE(length) > sizeof answers)
		return;
	memcpy(answers + waiting, &head, sizeof head);
	memcpy(answers + waiting + sizeof head, body, length);
	waiting += NLMSG_SPACE(length);
}

static void take(const struct nlmsghdr *request)
{
	struct { int error; struct nlmsghdr request; } acknowledgement = {0, *request};

	if (request->nlmsg_type == GENL_ID_CTRL) {
		struct { struct genlmsghdr head; struct nlattr attribute; uint32_t family; } found = {
			{CTRL_CMD_NEWFAMILY, 2, 0}, {6, CTRL_ATTR_FAMILY_ID}, A_FAMILY};
		answer(request, GENL_ID_CTRL, &found, sizeof found);
	} else {
		count(request);
	}
	if ((request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		answer(request, NLMSG_DONE, &acknowledgement.error, sizeof acknowledgement.error);
	else if (request->nlmsg_flags & NLM_F_ACK)
		answer(request, NLMSG_ERROR, &acknowledgement, sizeof acknowledgement);
}

int socket(int domain, int type, int protocol)
{
	int made = syscall(SYS_socket, domain, type, protocol);

	if (domain == AF_NETLINK && protocol == NETLINK_GENERIC)
		generic = made;
	return made;
}

ssize_t send(int descriptor, const void *data, size_t length, int flags)
{
	const struct nlmsghdr *request = data;
	int left = length;

	if (descriptor != generic)
		return syscall(SYS_sendto, descriptor, data, length, flags, NULL, 0);
	for (; NLMSG_OK(request, left); request = NLMSG_NEXT(request, left))
		take(request);
	return length;
}

ssize_t recvfrom(int descriptor, void *data, size_t length, int flags, struct sockaddr *from, socklen_t *size)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	size_t taken = waiting;

	if (descriptor != generic)
		return syscall(SYS_recvfrom, descriptor, data, length, flags, from, size);
	if (!waiting || length < waiting)
		return errno = EAGAIN, -1;
	memcpy(data, answers, waiting);
	memcpy(from, &kernel, sizeof kernel);
	*size = sizeof kernel;
	waiting = 0;
	return taken;
}
